import { FlumeError } from '#main'
import { type SyncOptions, type SyncProgress, type SyncResult, type SyncTarget } from '../syncer.js'
import { Temporary, exchange } from './exchange.js'
import { checkOptions, endpoint } from './options.js'
import { backoff, pause } from './pause.js'
import { type Session, openSession } from './session.js'

/** About how many bytes of records a message holds. */
const PUSH_BYTES = 1 << 20

/** For how many seconds the other side may wait for news before it answers that there are none. */
const WAIT_SECONDS = 25

/** What is appended within so many milliseconds goes out together. */
const GATHER_MS = 10

const PROGRESS_MS = 100
const RETRY_MS = 30_000

/** Keeps the log and the one at `url` the same: docs/sync.md. */
export async function sync(target: SyncTarget, url: string | URL, options: SyncOptions): Promise<SyncResult> {
  checkOptions(options)
  const to = endpoint(url)
  const { bytes } = target
  if (!bytes) throw new FlumeError('INVALID_OPTION', 'sync: the log is none of this package')
  const { live = false, signal } = options

  // Ended by the signal or by close(), which is no failure of what is live.
  const stop = new AbortController()
  const abort = () => stop.abort(new FlumeError('ABORTED', 'sync was aborted by its signal', { cause: signal!.reason }))
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  let closed = false
  const off = target.enlist(end => {
    closed = end === true
    stop.abort(end === true ? undefined : end)
  }, live)
  try {
    await new Promise<void>((resolve, reject) => target.loaded(err => (err ? reject(err) : resolve())))
    const run = () => new Sync(target, to, options, stop.signal).run()
    const locks = live && bytes.shared !== undefined ? globalThis.navigator?.locks : undefined
    // One of the tabs that have the log open is enough; the next goes on where it ends.
    return await (locks ? locks.request(`flumedb-wasm:sync:${bytes.shared}:${to}`, { signal: stop.signal }, run) : run())
  } catch (err) {
    if (closed) return nothing
    if (stop.signal.aborted) throw stop.signal.reason
    throw err instanceof Temporary ? err.cause : err
  } finally {
    signal?.removeEventListener('abort', abort)
    off()
  }
}

const nothing: SyncResult = { pulled: 0, pushed: 0, forked: 0 }

class Sync {
  readonly #target: SyncTarget
  readonly #url: URL
  readonly #options: SyncOptions
  readonly #signal: AbortSignal
  readonly #headers: Record<string, string>
  #session?: Session
  #progress: SyncProgress = { ...nothing, toPull: 0, toPush: 0, settled: false }
  #reported = -Infinity
  /** The newest seq when the last message was made. */
  #told = -1

  constructor(target: SyncTarget, url: URL, options: SyncOptions, signal: AbortSignal) {
    this.#target = target
    this.#url = url
    this.#options = options
    this.#signal = signal
    this.#headers = { ...options.headers, ...(options.token !== undefined && { Authorization: `Bearer ${options.token}` }) }
  }

  async run(): Promise<SyncResult> {
    const { live = false, retry = RETRY_MS } = this.#options
    let until = performance.now() + retry
    try {
      for (let failed = 0; ; ) {
        try {
          await this.#exchange(live && this.#progress.settled)
          failed = 0
          until = performance.now() + retry
          if (this.#progress.settled && !live) return this.#result()
        } catch (err) {
          await this.#session?.restart()
          await this.#target.bytes!.synced()
          if (this.#signal.aborted || !mayWorkLater(err)) throw err
          const wait = Math.max(backoff(failed++), (err as Temporary).after ?? 0)
          if (!live && performance.now() + wait > until) throw err
          this.#report({ settled: false, error: (err.cause as Error) ?? err }, true)
          this.#askForBackground()
          await pause(wait, this.#signal)
        }
        if (this.#signal.aborted) throw this.#signal.reason
      }
    } catch (err) {
      // close() ends what is live, and that is no failure.
      if (live && this.#signal.aborted && !(this.#signal.reason instanceof FlumeError)) return this.#result()
      throw err
    } finally {
      this.#session?.end()
    }
  }

  async #exchange(waits: boolean): Promise<void> {
    const bytes = this.#target.bytes!
    const session = (this.#session ??= await openSession(bytes))
    this.#told = bytes.newest()
    const message = await session.message(PUSH_BYTES)
    const { signal, received, off } = this.#unlessAppended(waits)
    try {
      await exchange(this.#options.fetch ?? fetch.bind(globalThis), this.#url, this.#headers, message, waits ? WAIT_SECONDS : 0, signal, async piece => {
        received()
        const before = this.#progress.pulled
        const { pulled, toPull } = await session.take(piece)
        if (pulled > before) await bytes.synced()
        this.#report({ pulled, toPull, settled: this.#progress.settled && pulled === before })
      })
    } catch (err) {
      if (signal.aborted && !this.#signal.aborted) return this.#report({ settled: false }) // there is something to tell
      throw err
    } finally {
      off()
    }
    const progress = await session.finish()
    await bytes.synced()
    this.#report({ ...progress, error: undefined }, progress.settled !== this.#progress.settled)
  }

  /** A signal that also fires when something is appended or deleted here while the other side waits for news. */
  #unlessAppended(waits: boolean): { signal: AbortSignal; received(): void; off(): void } {
    if (!waits) return { signal: this.#signal, received() {}, off() {} }
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let receives = false
    const soon = () => {
      timer ??= setTimeout(() => !receives && stop.abort(), GATHER_MS)
    }
    const ended = () => stop.abort(this.#signal.reason)
    if (this.#signal.aborted) ended()
    this.#signal.addEventListener('abort', ended)
    const { deleted } = this.#target.bytes!
    deleted.add(soon)
    const ignore = this.#target.since(seq => seq > this.#told && soon())
    return {
      signal: stop.signal,
      received: () => void (receives = true),
      off: () => {
        clearTimeout(timer)
        ignore()
        deleted.delete(soon)
        this.#signal.removeEventListener('abort', ended)
      }
    }
  }

  #askForBackground(): void {
    const { background } = this.#options
    if (background === undefined) return
    type Registration = ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } }
    const ready = (globalThis as { registration?: Registration }).registration ?? globalThis.navigator?.serviceWorker?.ready
    Promise.resolve(ready as Registration | undefined)
      .then(registration => registration?.sync?.register(background))
      .catch(() => {}) // the user does not allow it, or the browser has none
  }

  #report(change: Partial<SyncProgress>, now = false): void {
    this.#progress = { ...this.#progress, ...change }
    if (!this.#progress.error) delete this.#progress.error
    const { onProgress } = this.#options
    if (!onProgress || (!now && performance.now() - this.#reported < PROGRESS_MS)) return
    this.#reported = performance.now()
    try {
      onProgress({ ...this.#progress })
    } catch (err) {
      queueMicrotask(() => {
        throw err
      })
    }
  }

  #result(): SyncResult {
    const { pulled, pushed, forked } = this.#progress
    return { pulled, pushed, forked }
  }
}

function mayWorkLater(err: unknown): err is Error {
  if (err instanceof Temporary) return true
  const code = (err as FlumeError)?.code
  // Without a connection the module may not have come either.
  return code === 'REPLICA' || (code === 'WASM' && globalThis.navigator?.onLine === false)
}
