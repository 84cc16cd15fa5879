// The shapes that logs, views and databases share. `T` is the type of a record's value throughout.

import { type Callback } from './callback.js'
import { type ExportOptions } from './export.js'
import { type ImportOptions, type ImportResult, type ImportSource } from './importer.js'
import { type Health } from './health.js'
import type { NativeLog } from './native-log.js'
import { type Obv, type ObvLike, type WritableObv } from './obv.js'
import { type Progress, type ViewState, type ViewStatus } from './progress.js'
import { type PullSource } from './pull.js'
import { type BatchReader, type Source } from './source.js'
import { type SyncOptions, type SyncResult } from './syncer.js'

/** A record and its place in the log. Seqs increase strictly; an empty log's `since` is -1. */
export interface Item<T> {
  seq: number
  value: T
}

/** What part of the log to read, and in what shape. `db.stream` throws `INVALID_OPTION` for an unknown option. */
export interface StreamOptions {
  /** After this seq. -1 is the start of the log. */
  gt?: number
  gte?: number
  /** Before this seq. */
  lt?: number
  lte?: number
  /** Newest first. */
  reverse?: boolean
  /** Go on past the newest record, with those to come. */
  live?: boolean
  /** `false` skips the records that are there already, and implies `live`. */
  old?: boolean
  /** At most this many items; 0 or less is no limit. */
  limit?: number
  /** `false` yields bare values. */
  seqs?: boolean
  /** `false` yields bare seqs, without decoding values or applying the mapper. */
  values?: boolean
  /** Taken for flumedb's sake; logs have nothing to do for it. */
  sync?: boolean
  /** `false` keeps the records read out of the log's cache. */
  cache?: boolean
  /** Ends the stream with an error of code `ABORTED`. */
  signal?: AbortSignal
}

export type MethodKind = 'sync' | 'async' | 'source'

/**
 * Named values kept in a log's own store, for views' checkpoints. A `put` replaces the whole value or leaves it as it
 * was; operations on one name take effect in the order they were called. They may be called before the log has loaded.
 */
export interface Checkpoints {
  /** Names the store among all of this origin, where others may have it open too. */
  readonly shared?: string | undefined
  get(name: string, cb: (err: Error | null, bytes?: Uint8Array | null) => void): void
  put(name: string, bytes: Uint8Array, cb: (err?: Error | null) => void): void
  delete(name: string, cb: (err?: Error | null) => void): void
}

/**
 * What `Flume()` stands on: any flumelog of flumedb's kind. The optional members from `loaded` on are ours; a log that
 * has them fails cleanly, reads faster and keeps checkpoints.
 */
export interface FlumeLog<T> {
  /** Unset while the log loads; set before an append calls back. */
  readonly since: ObvLike<number>
  append(value: T | T[], cb: Callback<number>): void
  get(seq: number, cb: Callback<T>): void
  stream(options?: any): PullSource<any>
  close?(cb: (err?: any) => void): void
  /** A file of the log's, of which its folder counts: views of flumedb's kind keep theirs there. */
  readonly filename?: string
  /** More methods of the log, to be found on the database too. No view can have their names. */
  readonly methods?: Record<string, MethodKind>
  /** Calls back once `since` is set, or with what keeps the log from loading; at once if that is known. */
  loaded?(cb: (err: Error | null) => void): void
  /** Whether `append` answers by a promise where it has no callback: with many under way that is much cheaper. */
  readonly promises?: boolean
  /**
   * What `stream` reads, by the batch. Options are as checked, without `signal`. `skipped` is told, before a live reader
   * waits, where the newest records have been deleted: after `last` there is none through `through`.
   */
  reader?(options: StreamOptions, skipped?: (last: number, through: number) => void): BatchReader<any>
  readonly checkpoints?: Checkpoints
  /** As `methods`, but flumedb puts none of them on its database, and on ours a view of the same name takes the place. */
  readonly added?: Record<string, MethodKind>
  /** How much there is, as an object, for `db.stats`. */
  stats?(cb: Callback<object>): void
  /** How it stands with the host's storage, for `db.health`. */
  readonly health?: ObvLike<Health>
  /** Where views run that are built into the module. */
  readonly native?: NativeLog
}

/** The log as a view sees it: after the mapper, and still readable while the database closes. */
export interface ViewLog<T> {
  get(seq: number, cb: Callback<T>): void
  stream(options: StreamOptions & { seqs: false }): Source<T>
  stream(options?: StreamOptions): Source<Item<T>>
  readonly since: Obv<number>
  readonly filename?: string
  readonly checkpoints?: Checkpoints
  readonly native?: NativeLog
}

/**
 * State derived from the log, in flumedb's sense. `since` is the seq of the last record applied: unset while the view
 * loads, -1 when it has none. `createSink` returns a pull-stream sink of `{seq, value}`, and its callback is called when
 * the stream is over. `destroy` discards all state and sets `since` to -1. The members that are optional are ours.
 */
export interface View<T = any> extends Partial<ViewState> {
  readonly since: ObvLike<number>
  readonly methods: { readonly [name: string]: MethodKind }
  createSink(cb: (err?: any) => void): ((read: PullSource<Item<T>>) => unknown) | { sink(read: PullSource<Item<T>>): unknown } | void
  destroy(cb: (err?: any) => void): void
  /** Called where the newest records have been deleted, once it has applied all that there are. */
  skip?(): void
  /** As `destroy`, for a view that is built again because somebody asked for it: the old state may go on answering. */
  restart?(cb: (err?: any) => void): void
  close(...args: any[]): void
}

/** A view that runs in the WebAssembly module, and can be read as of past seqs. */
export interface ModuleView extends View {
  readonly inModule: true
}

export type CreateView<T, V extends View = View> = (log: ViewLog<T>, name: string) => V

/** The callback method `F`, which returns a promise when called without its callback. */
export type Async<F> = F extends (...args: infer P) => unknown
  ? P extends [...infer A, (err: any, value: infer R, ...rest: any) => unknown]
    ? { (...args: A): Promise<R>; (...args: P): void }
    : F
  : F

type MountedMethods<V extends View> = {
  [K in keyof V['methods'] & keyof V]: V['methods'][K] extends 'async' ? Async<V[K]> : V[K]
}

/** A view as it is found on the database. */
export type Mounted<V extends View> = MountedMethods<V> & MountedView & (V extends ModuleView ? ReadableAt<V> : {})

/** How a view is mounted. */
export interface UseOptions {
  /**
   * How many past states are kept for `at`, spaced about evenly over the log; by default none. Each takes as much room in the
   * store as the view's checkpoint, see `db.views.NAME.status.bytes`. Only for views that run in the module.
   */
  history?: number
}

/** How much work a read as of a past seq may take. */
export interface AtOptions {
  /** How many records may have to be replayed on the nearest state that is kept; by default any number. Beyond it, `REPLAY`. */
  maxReplay?: number
}

/** A view as of a past seq: its methods, which cannot be live. */
export type PastView<V extends View> = MountedMethods<V> & { readonly name: string; readonly seq: number }

export interface ReadableAt<V extends View> {
  /**
   * The view as of the record `seq`: it answers as when that was the newest, -1 being before the first, but for records that
   * have been deleted since, which it has never seen. The nearest state that is kept is loaded, and the records behind it are
   * replayed; the last few are kept in memory, so that more reads of one seq cost nothing more. Reads fail with `NOT_FOUND` for a seq that the log has not, and with `REPLAY` beyond `maxReplay`.
   */
  at(seq: number, options?: AtOptions): PastView<V>
}

export interface MountedView {
  readonly name: string
  /** The seq of the last record the view has applied. */
  readonly since: Obv<number>
  /**
   * Calls back once the view has applied all that was in the log when it was called; with `after`, once it has applied
   * that seq, and with a negative one as soon as it has loaded. Fails when the view has stopped or the database closes.
   */
  ready(cb: (err: Error | null) => void, after?: number): void
  /** Where it stands now. */
  readonly status: ViewStatus
  /** Calls of each method; for sources, items too. */
  readonly meta: Record<string, number>
  readonly methods: { readonly [name: string]: MethodKind }
  createSink: View['createSink']
  destroy(cb: (err?: any) => void): void
  close(cb: (err?: any) => void): void
  close(err: Error | null, cb: (err?: any) => void): void
}

type MethodsOf<L, K extends string> = L extends { [P in K]: infer M } ? (string extends keyof M ? {} : Pick<L, keyof M & keyof L>) : {}
type LogMethods<L> = MethodsOf<L, 'methods'> & MethodsOf<L, 'added'> & StatsOf<L> & HealthOf<L>

/** What the log tells, and how many bytes the views that are mounted keep beside it; `db.views` has them one by one. */
type DbStats<S> = S & { viewBytes: number }
type StatsOf<L> = L extends { stats(cb: Callback<infer S>): void }
  ? { stats(): Promise<DbStats<S>>; stats(cb: Callback<DbStats<S>>): void }
  : {}

/** How the log stands with the host's storage, of logs that tell. */
type HealthOf<L> = L extends { readonly health: Obv<Health> } ? { readonly health: Obv<Health> } : {}

/** The names of the views among `V`, which has methods of the log too. */
export type ViewNames<V> = { [K in keyof V]: V[K] extends MountedView ? K : never }[keyof V] & string

/**
 * The views by their names, as they are on the database. Iterating yields where each stands now, in the order of mounting:
 * `console.table([...db.views])`.
 */
export type Views<V = {}> = { readonly [name: string]: MountedView } & Pick<V, ViewNames<V>> & Iterable<ViewStatus>

/**
 * A view while `db.read` holds it: its methods, which wait for nothing and answer of `seq`. What views in JavaScript answer
 * are copies, as structuredClone makes them. Sources end with what there is; they cannot be live.
 */
export type HeldView<M> = Omit<M, keyof MountedView | 'at'> & { readonly name: string; readonly seq: number }

/** The views of these names, held. */
export type HeldViews<V, N extends readonly string[]> = { [I in keyof N]: N[I] extends keyof V ? HeldView<V[N[I]]> : any }

/** Options of `db.read`. */
export interface ReadOptions {
  /** Gives it up with an error of code `ABORTED`. */
  signal?: AbortSignal
}

/** A log with views. Every method that takes a callback returns a promise when called without it. */
export type FlumeDB<T, V = {}> = FlumeBase<T, V> & V

/** The type of a log's records; `any` for an untyped log. */
export type RecordOf<L> = 0 extends 1 & L ? any : L extends FlumeLog<infer T> ? T : never

export type FlumeOf<L> = FlumeDB<RecordOf<L>, LogMethods<L>>

export interface FlumeBase<T, V = {}> {
  /**
   * Appends a record, or an array of them as one batch: all or none. Answers the newest seq once the log holds it as
   * durably as the log was asked to; `since` has moved by then. Appends take effect, and are answered, in order of
   * calling. Fails with `INVALID_RECORD`, `QUOTA` or `STORE`, and nothing of it is kept. After `close` it fails with
   * `CLOSED`, which is thrown when there is a callback, as in flumedb.
   */
  append(value: T | T[]): Promise<number>
  append(value: T | T[], cb: Callback<number>): void
  /**
   * One record's value. Fails with `NOT_FOUND` for a seq that is negative or past the newest, `INVALID_OPTION` for what
   * is not a number, `CORRUPT` for a damaged record.
   */
  get(seq: number): Promise<T>
  get(seq: number, cb: Callback<T>): void
  /**
   * Records in order of seq, as `{seq, value}` unless options say otherwise. Nothing is read before the first item is
   * asked for. When the database closes, a live stream ends, and another that is open fails with `CLOSED`.
   */
  stream(options: StreamOptions & { seqs: false }): Source<T>
  stream(options: StreamOptions & { values: false; seqs?: true }): Source<number>
  stream(options?: StreamOptions & { values?: true; seqs?: true }): Source<Item<T>>
  stream(options: StreamOptions): Source<Item<T> | T | number>
  /**
   * Appends the records of a file or a stream of another log, of NDJSON or of a JSON array, in its order. Answers when all
   * are as durable as the log was asked to make them. It may be called again after it failed, was aborted or the process
   * died: no record is then lost or doubled. Fails with `SOURCE` and the source's `position` where it is damaged; what
   * stands before is then appended. In pages and workers it needs `flumedb-wasm/import`. See docs/import.md.
   */
  import(source: ImportSource, options?: ImportOptions<T>): Promise<ImportResult>
  /**
   * Keeps this log and the one that is served at `url`, over the API of docs/http.md, the same: what either has and the other
   * lacks is exchanged, and so is what is deleted. Answers when both have the same; with `live` it goes on until the signal or
   * `close`. It may be called again whenever it failed: no record is then lost or doubled. Appends and reads go on meanwhile.
   * Fails with `UNAUTHORIZED`, with `TIMEOUT` where the other was not reached in time, `INVALID_RECORD` for what is no JSON in a
   * log of JSON, and as an append does. In pages and workers it needs `flumedb-wasm/sync`. See docs/sync.md.
   */
  sync(url: string | URL, options?: SyncOptions): Promise<SyncResult>
  /**
   * The records as NDJSON in UTF-8, whole lines an item, as the log holds them: without the mapper. Ends as a stream does.
   * Fails with `INVALID_RECORD` for a record that JSON cannot hold.
   */
  export(options?: ExportOptions): Source<Uint8Array>
  /** The newest seq in the log: unset while it loads, -1 when it is empty. */
  readonly since: Obv<number>
  /** While its value is not true, views are not started and reads of views wait, except with `{since: -1}`. */
  readonly ready: WritableObv<boolean>
  /**
   * Mounts a view at `db[name]`; returns the database. Reads of the view wait until it has applied all that was in the
   * log when they were called; `{since: n}` waits for that seq only, `{since: -1}` for nothing but loading.
   */
  use<N extends string, W extends View>(name: N, create: (log: ViewLog<T>, name: string) => W, options?: UseOptions): FlumeDB<T, V & { [K in N]: Mounted<W> }>
  /**
   * Reads several views at the same seq: all of them have applied exactly the records through that of the newest when `read`
   * was called, or of a later one. `fn` is called once, with a view for each name, whose methods answer of that seq;
   * what it answers, or promises, is answered here. Appends go on meanwhile, but views are not fed until it is done: so it
   * should ask for what it needs and wait for nothing else. When it has asked for nothing for about a second, the read is
   * over, and what it asks later fails with `CLOSED`. Fails as a read of one of the views would, with `INVALID_OPTION` for a
   * name that no view has, with `VIEW` where a view is built anew meanwhile.
   *
   *     const share = await db.read(['delays', 'total'], async (delays, total) => (await delays.get()).late / (await total.get()))
   */
  read<const N extends readonly ([ViewNames<V>] extends [never] ? string : ViewNames<V>)[], R>(
    names: N,
    fn: (...views: HeldViews<V, N>) => R | PromiseLike<R>,
    options?: ReadOptions
  ): Promise<R>
  read<const N extends readonly ([ViewNames<V>] extends [never] ? string : ViewNames<V>)[], R>(
    names: N,
    fn: (...views: HeldViews<V, N>) => R | PromiseLike<R>,
    cb: Callback<R>
  ): void
  read<const N extends readonly ([ViewNames<V>] extends [never] ? string : ViewNames<V>)[], R>(
    names: N,
    fn: (...views: HeldViews<V, N>) => R | PromiseLike<R>,
    options: ReadOptions | undefined,
    cb: Callback<R>
  ): void
  /**
   * Discards the views of these names, or all, and builds them again; answers when they have caught up. A view that has
   * stopped starts again. What a view has come to goes on answering reads with `{since: -1}` meanwhile, where it can: the
   * package's own views do. A name that no view has fails with `INVALID_OPTION`, and nothing is rebuilt.
   */
  rebuild(names?: readonly ([ViewNames<V>] extends [never] ? string : ViewNames<V>)[]): Promise<void>
  rebuild(cb: (err: Error | null) => void): void
  rebuild(names: readonly ([ViewNames<V>] extends [never] ? string : ViewNames<V>)[] | undefined, cb: (err: Error | null) => void): void
  /** Saves and closes the views, then the log. Reads that wait fail with `CLOSED`. Later calls answer when it is done. */
  close(): Promise<void>
  close(cb: (err: Error | null) => void): void
  readonly closed: boolean
  /** The views that are mounted, by their names; iterating tells where each stands. */
  readonly views: Views<V>
  /** Counts of calls: `meta.get`, and each view's methods under its name. */
  readonly meta: Record<string, any>
  /** The folder where views of flumedb's kind keep their files, or null: that of the log's `filename`. */
  readonly dir: string | null
  /** How far each view is, at most about ten times a second for each, and once it has caught up or stopped. */
  readonly progress: Obv<Progress>
}
