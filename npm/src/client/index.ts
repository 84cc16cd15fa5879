import { type Callback, answer, takeCallback } from '../callback.js'
import { FlumeError, closedError } from '../errors.js'
import { type Health, type HealthState, type HealthStep } from '../health.js'
import { type Obv } from '../obv.js'
import { type End } from '../pull.js'
import { type Enlist, type Source, bySignal, createSource } from '../source.js'
import { type LogStorage, type StorageOptions } from '../storage.js'
import { checkSeq, checkStreamOptions, isLive } from '../stream-options.js'
import { type Item, type StreamOptions } from '../types.js'
import { createAppend } from './append.js'
import { createHealth } from './health.js'
import { rangeReader } from './range.js'
import { createRequests, post } from './requests.js'
import { storageOf } from './room.js'
import { createSince } from './since.js'
import { type RemoteView, type RemoteViewSpec, type RemoteViews, remoteView } from './views.js'

export type { Callback, Health, HealthState, HealthStep, Item, LogStorage, Obv, RemoteView, RemoteViewSpec, RemoteViews, Source, StorageOptions, StreamOptions }
export { FlumeError } from '../errors.js'

/** How a client reaches its database. */
export interface ConnectOptions<V = {}> {
  /** For how many milliseconds a request that was not answered, or with 503, is made again; 30,000 by default. */
  retry?: number
  /** By which requests are made; the page's `fetch` by default. */
  fetch?: typeof fetch
  /** The views that are served, by their names: what `serve` was given, or of each no more than its `kind`. */
  views?: V
}

export interface CallOptions {
  /** Ends the call with an error of code `ABORTED`. An append may be there all the same. */
  signal?: AbortSignal
}

export interface Stats {
  records: number
  deleted: number
  segments: number
  bytes: number
  viewBytes: number
}

/** A database that is elsewhere, with the methods of one in the page. Every method that takes a callback answers a promise without one. */
export type Client<T = unknown, V = {}> = ClientBase<T, V> & RemoteViews<T, V>

export interface ClientBase<T, V> {
  /**
   * Appends a value, or each of an array, all or none; answers the newest one's seq when they are durable. Appends take
   * effect, and are answered, in the order of the calls. Each is made again until it is answered, under one
   * `Idempotency-Key`, and is there once. The error is `UNCERTAIN` where it was not answered in time.
   */
  append(values: T | T[], options?: CallOptions): Promise<number>
  append(values: T | T[], cb: Callback<number>): void
  append(values: T | T[], options: CallOptions | undefined, cb: Callback<number>): void
  /** One record. `NOT_FOUND`, `DELETED`. */
  get(seq: number, options?: CallOptions): Promise<T>
  get(seq: number, cb: Callback<T>): void
  get(seq: number, options: CallOptions | undefined, cb: Callback<T>): void
  /** Deletes the values of up to 1,000 records. */
  del(seqs: number | number[], options?: CallOptions): Promise<void>
  del(seqs: number | number[], cb: Callback<void>): void
  del(seqs: number | number[], options: CallOptions | undefined, cb: Callback<void>): void
  stats(options?: CallOptions): Promise<Stats>
  stats(cb: Callback<Stats>): void
  stats(options: CallOptions | undefined, cb: Callback<Stats>): void
  /**
   * How much room there is where the log is, as far as is told there: of a log in a service worker that is what the browser says of
   * this origin, of another what its segments and views take. `persist` has a page ask its browser to keep the former.
   */
  storage(options?: StorageOptions & CallOptions): Promise<LogStorage>
  storage(cb: Callback<LogStorage>): void
  storage(options: (StorageOptions & CallOptions) | undefined, cb: Callback<LogStorage>): void
  /**
   * How the log stands with its storage, as last heard of, unset until then. While somebody listens, it is told of changes.
   * `failed` also where the database has not answered for as long as `retry` says.
   */
  readonly health: Obv<Health>
  /** Asks for the newest seq, and answers it, -1 while the log is empty. `since` has it then. */
  loaded(options?: CallOptions): Promise<number>
  loaded(cb: Callback<number>): void
  loaded(options: CallOptions | undefined, cb: Callback<number>): void
  /**
   * The newest seq that has been heard of, unset until then. While somebody listens, it is told of what others append; when nobody
   * does, it moves with what is asked and answered here.
   */
  readonly since: Obv<number>
  /**
   * Records in order, as from the `db` of a page. Where the connection is lost, or the worker behind it is replaced, it goes
   * on behind the last one: none is missed, none comes twice. When the client is closed, a live stream ends, and another
   * that is open fails with `CLOSED`.
   */
  stream(options: StreamOptions & { seqs: false }): Source<T>
  stream(options: StreamOptions & { values: false; seqs?: true }): Source<number>
  stream(options?: StreamOptions & { values?: true; seqs?: true }): Source<Item<T>>
  stream(options: StreamOptions): Source<Item<T> | T | number>
  /** The views that `connect` was told of, by their names. */
  readonly views: RemoteViews<T, V>
  /** Any view that is served, by the methods and arguments of docs/http.md. */
  view(name: string): {
    call<R = unknown>(method: string, args?: unknown[], options?: CallOptions): Promise<R>
  }
  /** Ends what is open, and lets appends that are under way be answered. Later calls fail with `CLOSED`. */
  close(): Promise<void>
  close(cb: Callback<void>): void
  readonly closed: boolean
}

/** A client of the database that is served under `url`, as `flumedb-wasm/service-worker` and core/httpapi do: docs/http.md. */
export function connect<T = any, const V extends { readonly [name: string]: RemoteViewSpec } = {}>(
  url: string | URL = '/db/',
  { retry = 30_000, fetch: make = fetch.bind(globalThis), views: specs = {} as V }: ConnectOptions<V> = {}
): Client<T, V> {
  const base = new URL(url, globalThis.location?.href)
  if (!base.pathname.endsWith('/')) throw new FlumeError('INVALID_OPTION', `the URL of a database must end in /, not ${base.href}`)
  const requests = createRequests(base, retry, make)
  const { ask } = requests
  const since = createSince(requests)
  const health = createHealth(requests)
  const append = createAppend(ask, since.moved)
  const working = new Set<Promise<unknown>>()
  const closers = new Set<(end: End) => void>()
  let closed = false

  const open = (method: string) => {
    if (closed) throw closedError(method)
  }
  const enlist = (live: boolean, signal?: AbortSignal): Enlist => abort => {
    const close = (end: End) => abort(live || end)
    closers.add(close)
    const off = bySignal(signal)(abort)
    return () => {
      closers.delete(close)
      off()
    }
  }
  /** A method whose last arguments are options and a callback, both of which may be missing. */
  const method =
    (name: string, args: number, run: (signal: AbortSignal | undefined, ...args: any[]) => Promise<any>) =>
    (...given: any[]) => {
      const cb = takeCallback(given)
      const { signal } = (given[args] ?? {}) as CallOptions
      return answer<any>(cb, cb => {
        open(name)
        const answered = run(signal, ...given)
        working.add(answered)
        answered
          .finally(() => working.delete(answered))
          .then(
            value => cb(null, value),
            err => (cb as (err: Error) => void)(err)
          )
      })
    }
  const json = (path: string, signal?: AbortSignal, init?: RequestInit) => ask(path, { init, signal, read: response => response.json() })
  const get = async (signal: AbortSignal | undefined, seq: number) => {
    checkSeq(seq)
    if (seq < 0) throw new FlumeError('NOT_FOUND', `no record has seq ${seq}`, { seq })
    return json(`records/${seq}`, signal)
  }

  const db: Record<string, any> = {
    since: since.obv,
    health: health.obv,
    views: {},
    get closed() {
      return closed
    },
    append: method('append', 1, async (signal, values) => {
      const all = Array.isArray(values) ? values : [values]
      return all.length ? append(all, signal) : since.ask(signal)
    }),
    get: method('get', 1, get),
    del: method('del', 1, (signal, seqs) => ask(`records?seqs=${[seqs].flat().join()}`, { init: { method: 'DELETE' }, signal, read: () => undefined })),
    stats: method('stats', 0, signal => json('stats', signal)),
    storage: method('storage', 0, (signal, { signal: _, ...options }: StorageOptions & CallOptions = {}) => storageOf(base, () => json('storage', signal), options)),
    loaded: method('loaded', 0, since.ask),
    stream(options?: StreamOptions) {
      open('stream')
      const { signal, ...rest } = checkStreamOptions(options)
      return createSource(() => rangeReader(requests, since, rest), enlist(isLive(rest), signal))
    },
    view: (name: string) => ({
      call: (of: string, args: unknown[] = [], options?: CallOptions) =>
        method('view', 0, signal => json(`views/${encodeURIComponent(name)}/${encodeURIComponent(of)}`, signal, post(JSON.stringify(args))))(options)
    }),
    close: (cb?: Callback<void>) =>
      answer<void>(cb, cb => {
        closed = true
        since.end()
        health.end()
        const end = new FlumeError('CLOSED', 'the client was closed while this waited')
        for (const close of [...closers]) close(end)
        Promise.allSettled(working).then(() => cb(null, undefined))
      })
  }
  const client = { ask, since, open, enlist, get: (seq: number, cb: Callback<any>) => void get(undefined, seq).then(value => cb(null, value), cb as any) }
  for (const [name, spec] of Object.entries(specs)) {
    if (name in db) throw new FlumeError('INVALID_OPTION', `${name} is already in use!`)
    db[name] = db.views[name] = remoteView(client, name, spec)
  }
  return db as unknown as Client<T, V>
}
