import { FlumeError } from '#main'
import { type ErrorCode } from '../errors.js'

const MEDIA = 'application/vnd.flumedb.sync'

/** Below this compressing costs more than it saves. */
const WORTH_PACKING = 1024

/** For how long nothing may come of an answer that has begun, or is due. */
const STALLED_MS = 60_000

/** What has failed may work later. */
export class Temporary extends Error {
  /** Milliseconds that the other side asks to wait. */
  readonly after: number

  constructor(error: Error, after = 0) {
    super(error.message, { cause: error })
    this.after = after
  }
}

/** One message there, and the pieces of its answer back. Fails with a `Temporary` where it may be tried again. */
export async function exchange(
  make: typeof fetch,
  url: URL,
  headers: Record<string, string>,
  message: Uint8Array<ArrayBuffer>,
  wait: number,
  signal: AbortSignal,
  take: (piece: Uint8Array) => Promise<void>
): Promise<void> {
  const stop = new AbortController()
  const abort = () => stop.abort(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  let timer: ReturnType<typeof setTimeout>
  const alive = (extra = 0) => {
    clearTimeout(timer)
    timer = setTimeout(() => stop.abort(new Error('nothing has come for a minute')), STALLED_MS + extra)
  }
  const offline = () => stop.abort(new Error('the browser has no connection'))
  globalThis.addEventListener?.('offline', offline)
  try {
    alive(wait * 1000)
    const packed = message.length >= WORTH_PACKING ? await gzip(message) : undefined
    let body
    try {
      const response = await make(wait ? `${url}?wait=${wait}` : url, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': MEDIA, ...(packed && { 'Content-Encoding': 'gzip' }) },
        body: packed ?? message,
        cache: 'no-store',
        signal: stop.signal
      })
      if (!response.ok) throw await refusal(url, response)
      if (response.headers.get('Content-Type') !== MEDIA || !response.body) throw new Temporary(new FlumeError('REPLICA', `${url} does not answer as a log does`))
      body = response.body.getReader()
    } catch (err) {
      throw failure(url, err)
    }
    try {
      for (;;) {
        alive()
        const { done, value } = await body.read().catch(err => {
          throw failure(url, err)
        })
        if (done) break
        await take(value)
      }
    } finally {
      body.cancel().catch(() => {})
    }
  } finally {
    clearTimeout(timer!)
    globalThis.removeEventListener?.('offline', offline)
    signal.removeEventListener('abort', abort)
  }
}

const failure = (url: URL, err: unknown) =>
  err instanceof FlumeError || err instanceof Temporary
    ? err
    : new Temporary(new FlumeError('TIMEOUT', `${url} was not reached, or not to the end: ${(err as Error)?.message ?? err}`, { cause: err }))

/** What an answer says that is none. */
async function refusal(url: URL, response: Response): Promise<Error> {
  let problem: { code?: string; detail?: string } = {}
  try {
    problem = await response.json()
  } catch {
    // Whoever stands between may answer anything.
  }
  const { status } = response
  const error = new FlumeError((problem.code ?? (status === 401 || status === 403 ? 'UNAUTHORIZED' : 'STORE')) as ErrorCode, `${url}: ${problem.detail ?? `${status} ${response.statusText}`}`)
  if (status !== 408 && status !== 425 && status !== 429 && status < 500) return error
  return new Temporary(error, 1000 * (Number(response.headers.get('Retry-After')) || 0))
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer | undefined> {
  if (typeof CompressionStream === 'undefined') return
  return new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer()
}
