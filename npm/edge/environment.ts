/** What wrangler.jsonc and the secrets of a deployment give the Worker. */
export interface Environment {
  /** The Durable Objects, by the names of the logs. */
  LOGS: { idFromName(name: string): unknown; get(id: unknown): { fetch(request: Request): Promise<Response> } }
  /** What every request has to carry. Without one, nobody is let in. */
  TOKEN?: string
  /** The origins whose pages may ask, joined by commas; * for all. */
  ORIGINS?: string
  /** The views that each log has, as docs/http.md has them. */
  VIEWS?: Record<string, unknown>
}
