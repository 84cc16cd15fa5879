import { type ErrorCode, FlumeError } from '../errors.js'

export interface Asked<R> {
  init?: RequestInit | undefined
  signal?: AbortSignal | undefined
  /** Makes of the answer what is wanted of it. */
  read(response: Response): R | Promise<R>
}

/** Makes a request until it is answered, and the answer is read. */
export type Ask = <R>(path: string, asked: Asked<R>) => Promise<R>

export interface Requests {
  ask: Ask
  /** Has no request made for a moment: a newer service worker may want to take over. */
  pause(): void
}

const PROBLEM = 'application/problem+json'

/** In milliseconds; see service-worker/give-way.ts. */
const PAUSE = 400

export function createRequests(base: URL, retry: number, make: typeof fetch): Requests {
  let paused = 0
  const pause = (ms = PAUSE) => {
    paused = Math.max(paused, performance.now() + ms)
  }

  const ask: Ask = async (path, { init = {}, signal, read }) => {
    const until = performance.now() + retry
    for (let wait = 25; ; wait = Math.min(2 * wait, 2000)) {
      let failure: FlumeError
      for (let left; (left = paused - performance.now()) > 0; ) await sleep(left, signal)
      try {
        const response = await make(new URL(path, base), { ...init, signal: signal ?? null })
        const asked = Number(response.headers.get('Flumedb-Pause'))
        if (asked > 0) pause(asked)
        if (response.ok) return await read(response)
        failure = await problem(response)
        if (response.status !== 503) throw failure
      } catch (cause) {
        if (signal?.aborted) throw aborted(signal)
        if (cause instanceof FlumeError) throw cause
        const writes = path === 'records' || init.method === 'DELETE'
        failure = new FlumeError(writes ? 'UNCERTAIN' : 'TIMEOUT', `${init.method ?? 'GET'} ${path} was not answered`, { cause })
      }
      const rest = wait * (0.5 + Math.random())
      if (performance.now() + rest > until) throw failure
      await sleep(rest, signal)
    }
  }
  return { ask, pause: () => pause() }
}

export const post = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'Content-Type': 'application/json', ...headers }
})

async function problem(response: Response): Promise<FlumeError> {
  if (response.headers.get('content-type') !== PROBLEM) return new FlumeError('STORE', `${response.url}: ${response.status} ${response.statusText}`)
  return toError(await response.json())
}

/** The error that a problem of docs/http.md stands for. */
export const toError = ({ code, detail, seq, last, segment, view }: Record<string, any>): FlumeError =>
  new FlumeError(code as ErrorCode, detail, { seq, last, segment, view })

/** The lines of a body as they come, those of a piece at once. A body that breaks off fails, and so does one that ends within a line. */
export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = parts.pop()!
      yield parts.filter(line => line)
    }
  } finally {
    reader.cancel().catch(() => {}) // of one that nobody reads to its end
  }
  if (rest) throw new TypeError('the answer ends within a line')
}

export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer)
      reject(aborted(signal!))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}

export const aborted = (signal: AbortSignal) => new FlumeError('ABORTED', 'the call was aborted by its signal', { cause: signal.reason })
