const TITLES: Record<number, string> = { 408: 'Request Timeout', 413: 'Request Entity Too Large', 503: 'Service Unavailable' }

/** An answer as core/httpapi gives it, where no Go has been asked. */
export function problem(status: number, code: string, detail: string, retryAfter?: number): Response {
  return new Response(JSON.stringify({ title: TITLES[status], status, code, detail }), {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) })
    }
  })
}
