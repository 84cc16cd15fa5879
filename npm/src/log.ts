import { defaultKind, deleteLog, filename, hasFiles, storageOf } from '#host'
import { AppendQueue } from './append-queue.js'
import { type Exports, FILE, INDEXED_DB, MEMORY } from './boundary.js'
import { type Callback, answer, takeCallback } from './callback.js'
import { type CodecOption, decode, json, toCodec } from './codec.js'
import { type Engine, type LogListener, type Request, type WasmSource, type WorkerOption, engineOf } from './engine.js'
import { FlumeError, call } from './errors.js'
import { type Health } from './health.js'
import { bytesOf } from './log-bytes.js'
import { type Skipped, logReader } from './log-reader.js'
import { nativeLog } from './native-log.js'
import { type Obv, createObv } from './obv.js'
import { type OtherContexts, joinOthers } from './other-contexts.js'
import { onAbort } from './pull.js'
import { deferReader } from './readers.js'
import { type BatchReader, type Source, bySignal, createSource } from './source.js'
import { type LogStorage, type StorageOptions, checkStorageOptions } from './storage.js'
import { checkStreamOptions } from './stream-options.js'
import { type Checkpoints, type FlumeLog, type StreamOptions } from './types.js'

export interface LogOptions<T = any> {
  /**
   * When an append is answered. `'relaxed'`, the default: when the operating system has it, so that it survives the end
   * of the page or process. `'strict'`: when the host says that the disk has it, so that it also survives the loss of
   * power.
   */
  durability?: 'relaxed' | 'strict'
  codec?: CodecOption<T>
  /** Where the WebAssembly module comes from, for bundlers and content security policies that need to be told. */
  wasm?: WasmSource
  /**
   * Runs the module in a dedicated worker of the page, so that none of its work keeps the page from answering its user:
   * commits, merging, reading, views in the module. Values are still encoded and decoded, and functions of views called, in
   * the page. All logs of a page that ask for it share one worker. Every call takes about a tenth of a millisecond more. A
   * string or URL says where `flumedb-wasm/flumedb-worker.mjs` is, for bundlers and content security policies that need to be told.
   */
  worker?: WorkerOption
  /** Gives up opening the log when it fires. */
  signal?: AbortSignal
}

/** What a check of the whole log found. */
export interface VerifyReport {
  /** How many records can be read. */
  records: number
  segments: number
  /** Of those segments. */
  bytes: number
  /** What cannot be read, by seq. Empty is good. */
  damage: { first: number; last: number; segment: string; reason: string }[]
}

export interface VerifyOptions {
  /** Hears how many records have been checked, of how many. */
  onProgress?(done: number, total: number): void
}

export interface CompactOptions {
  /** Hears how many records have been gone through, of how many. */
  onProgress?(done: number, total: number): void
}

/** How much a log holds, told without reading it. */
export interface LogStats {
  /** All of them, with those that are deleted. */
  records: number
  deleted: number
  /** The newest seq, -1 while the log is empty. */
  since: number
  segments: number
  /** Of those segments, with all that is stored around the records. */
  bytes: number
}

/** A log of ours, ready for `Flume()`. It opens by itself and at once. */
export interface Log<T = any> extends FlumeLog<T> {
  readonly since: Obv<number>
  /** How it stands with the host's storage: unset until it has opened or failed to. See docs/storage.md. */
  readonly health: Obv<Health>
  /** The name, or the folder, it was opened by. */
  readonly name: string
  append(value: T | T[]): Promise<number>
  append(value: T | T[], cb: Callback<number>): void
  stream(options: StreamOptions & { seqs: false }): Source<T>
  stream(options?: StreamOptions): Source<{ seq: number; value: T }>
  close(cb?: (err?: any) => void): void
  readonly methods: { del: 'async' }
  readonly added: { verify: 'async'; compact: 'async'; storage: 'async' }
  /**
   * Reads the whole log from the store and checks every checksum and that no seq is missing or twice. What is damaged is
   * in the report; an error means that the check could not go on. `onProgress` hears records done and in all.
   */
  verify(options?: VerifyOptions): Promise<VerifyReport>
  verify(cb: Callback<VerifyReport>): void
  verify(options: VerifyOptions | undefined, cb: Callback<VerifyReport>): void
  /**
   * Deletes the values of records. When it answers they are overwritten, in the store and in memory; their seqs are left:
   * `get` fails with `DELETED`, and streams go on behind them. Deleting a record twice is no error. Fails with `NOT_FOUND`
   * where one of the seqs has no record, and then nothing is deleted. If it fails otherwise, or the page or process ends,
   * some of many may be deleted and others not, each as a whole; calling it again finishes it.
   */
  del(seqs: number | number[]): Promise<void>
  del(seqs: number | number[], cb: (err: Error | null) => void): void
  /**
   * Makes full segments of small ones, which deletions leave and, in files, single appends, and answers how many bytes the
   * log has become smaller by. Appends and reads go on meanwhile.
   */
  compact(options?: CompactOptions): Promise<number>
  compact(cb: Callback<number>): void
  compact(options: CompactOptions | undefined, cb: Callback<number>): void
  /** How much the log holds. Records that are damaged count too: only `verify` knows which those are. */
  stats(): Promise<LogStats>
  stats(cb: Callback<LogStats>): void
  /** How much room there is for it, how much of that is in use, and whether the host keeps it; see docs/storage.md. */
  storage(options?: StorageOptions): Promise<LogStorage>
  storage(cb: Callback<LogStorage>): void
  storage(options: StorageOptions | undefined, cb: Callback<LogStorage>): void
}

const KNOWN = ['durability', 'codec', 'wasm', 'worker', 'signal']

/**
 * A log of that name where the host keeps such: in IndexedDB in browsers and workers, in the folder `name` in Node.
 * An unknown option throws `INVALID_OPTION`.
 */
export function Log<T = any>(name: string, options?: LogOptions<T>): Log<T> {
  return open<T>(defaultKind, name, options)
}

/** In the IndexedDB database of that name. Tabs and workers may open it at once. */
Log.indexedDB = <T = any>(name: string, options?: LogOptions<T>): Log<T> => open<T>(INDEXED_DB, name, options)

/** In a folder, in Node. One process may open it at a time; another gets `LOCKED`. */
Log.file = <T = any>(dir: string, options?: LogOptions<T>): Log<T> => open<T>(FILE, dir, options)

/** In memory, for as long as it is open. */
Log.memory = <T = any>(options?: LogOptions<T>): Log<T> => open<T>(MEMORY, '', options)

/**
 * Deletes a log with all in it, where `Log(name)` keeps it, and what flumedb's views have kept of it. Those who have it open
 * find it `GONE`, or, in Node, keep it from being deleted with `LOCKED`.
 */
Log.delete = (name: string): Promise<void> => deleteLog(name)

function open<T>(kind: number, name: string, options: LogOptions<T> = {}): Log<T> {
  checkOptions(kind, name, options)
  const codec = toCodec(options.codec)
  const since = createObv<number>()
  const health = createObv<Health>()
  const lost = createObv<Error>() // what ends the log while it is open
  const appends = new AppendQueue(codec, () => since.value!, seq => others?.tell(seq))
  let engine: Engine | undefined
  let handle = 0
  let others: OtherContexts | undefined
  let failure: Error | undefined
  let closed = false
  let opened = false
  let waiting: (() => void)[] = []
  const deleted = new Set<() => void>()

  const settle = (err?: Error) => {
    opened = true
    failure = err
    if (err) appends.fail(err)
    feel(err ? 'failed' : 'ok', err)
    for (const fn of waiting.splice(0)) call(fn)
  }
  const feel = (state: Health['state'], error?: Error, rescue?: Pick<Health, 'step' | 'freed'>) =>
    health.set({ state, at: Date.now(), ...(error && { error: error as FlumeError }), ...rescue })
  /** Runs once the log is open or has failed to. */
  const whenOpen = (fn: () => void) => void (opened ? fn() : waiting.push(fn))
  /** A request on the open log, or the failure. */
  const request: RequestOnLog = (answers, enter, how = 'request') =>
    whenOpen(() => {
      const err = unusable()
      if (err) answers.fail(err)
      else engine![how](answers, (exports, id) => enter(exports, handle, id, engine!))
    })
  const unusable = () => (failure ?? (closed ? new FlumeError('CLOSED', 'the log is closed') : undefined)) as FlumeError | undefined

  // The views that run in the module are in a larger one, which is fetched only if they are used: whether they are is
  // known at the end of the task that makes the log, or by the module that was named.
  let views = kind === MEMORY || hasFiles || !!options.wasm
  let chosen = false
  const opening = async () => {
    await undefined
    chosen = true
    engine = await engineOf(options.wasm, views, options.worker)
    if (options.signal?.aborted) throw aborted(options.signal)
    handle = await openIn(engine, seq => since.set(seq), (state, step, freed, error) => feel(state, error, step ? { step, freed } : undefined))
    if (kind === INDEXED_DB) others = joinOthers(name, since, () => refresh())
    appends.open(engine, handle)
  }
  const openIn = (engine: Engine, moved: LogListener['since'], health: LogListener['health']) => {
    let off = () => {}
    return new Promise<number>((resolve, reject) => {
      const settle = (handle: number, newest: number) => {
        engine.logs.set(handle, {
          since: moved,
          warn: message => console.warn(`flumedb-wasm, log ${name}: ${message}`),
          health,
          crashed(err) {
            failure = err
            feel('failed', err)
            lost.set(err)
          }
        })
        moved(newest) // now, since it may move again before the promise is heard of
        resolve(handle)
      }
      const id = engine.request({ settle, fail: reject }, (exports, id) =>
        exports.flumedb_open(id, kind, engine.stage(name)[0], options.durability === 'strict' ? 1 : 0)
      )
      off = onAbort(options.signal, () => engine.cancel(id))
    }).finally(() => off())
  }
  opening().then(
    () => settle(),
    err => settle(options.signal?.aborted ? aborted(options.signal) : err)
  )

  // A view that is mounted later, when the log has been opened in the module without, runs in another one, as if it were
  // in another tab: only databases can be opened twice, and only they are opened without.
  let beside: Promise<{ engine: Engine; handle: number }> | undefined
  const openBeside = async () => {
    const engine = await engineOf(undefined, true, options.worker)
    const handle = await openIn(engine, () => {}, () => {})
    since(() => lookIn(engine, handle))
    return { engine, handle }
  }
  const requestOfViews: RequestOnLog = (answers, enter, how = 'request') => {
    whenOpen(() => {
      if (views || unusable()) return request(answers, enter, how)
      beside ??= openBeside().catch(err => {
        beside = undefined // it may be there the next time
        throw err
      })
      beside.then(({ engine, handle }) => engine[how](answers, (exports, id) => enter(exports, handle, id, engine)), err => answers.fail(err))
    })
  }

  const lookIn = (engine: Engine, handle: number, then: () => void = () => {}) =>
    closed ? then() : engine.request({ settle: then, fail: then }, (exports, id) => exports.flumedb_refresh(handle, id))
  const refreshBeside = (then?: () => void) => beside?.then(({ engine, handle }) => lookIn(engine, handle, then), then)
  const refresh = () => {
    lookIn(engine!, handle)
    refreshBeside()
  }

  const reader = (streamOptions: StreamOptions, raw?: 'raw', skipped?: Skipped): BatchReader<any> => {
    const err = unusable()
    if (err) throw err
    return logReader({ engine: engine!, handle, since, lost, codec }, streamOptions, raw, skipped)
  }

  /** A request that goes through the whole log, and tells how far it is. */
  const throughout = <R>(args: any[], result: (a: number, data?: Uint8Array) => R, enter: Parameters<RequestOnLog>[1]) => {
    const callback = takeCallback(args)
    const onProgress = (args[0] as VerifyOptions | CompactOptions | undefined)?.onProgress
    return answer<R>(callback, cb =>
      request({ settle: (a, _b, data) => cb(null, result(a, data)), fail: cb as any, progress: (done, total) => onProgress?.(done, total) }, enter)
    )
  }

  const shared = kind === INDEXED_DB ? name : undefined
  const log: Log<T> = {
    name,
    since,
    health,
    get filename() {
      return kind === MEMORY ? undefined : filename(name)
    },
    promises: true,
    loaded: cb => whenOpen(() => cb(failure ?? null)),
    append(value: any, cb?: Callback<number>): any {
      if (!closed) return appends.append(value, cb)
      const err = new FlumeError('CLOSED', 'append: the log is closed')
      if (!cb) return Promise.reject(err)
      call(cb as any, err)
    },
    get(seq, cb) {
      whenOpen(() => {
        const known = Number.isSafeInteger(seq) && seq >= 0
        const err = unusable() ?? (known ? undefined : new FlumeError('NOT_FOUND', `no record has seq ${String(seq)}`))
        if (err) return call(cb as any, err)
        const give = (record: Uint8Array | string) => {
          let value
          try {
            value = decode(codec, record, seq)
          } catch (err) {
            return call(cb as any, err)
          }
          call(cb, null, value)
        }
        const id = engine!.reserve()
        const at = engine!.enter(exports => exports.flumedb_get(handle, id, seq))
        if (!at) {
          engine!.add({ settle: (_a, _b, data = new Uint8Array()) => give(data), fail: err => call(cb as any, err) }, id)
          return engine!.resume()
        }
        const size = engine!.enter(exports => exports.flumedb_size())!
        give(codec === json ? engine!.text(at, size) : engine!.bytes(at, size))
      })
    },
    stream(streamOptions?: StreamOptions): Source<any> {
      const { signal, ...rest } = checkStreamOptions(streamOptions, true)
      return createSource<any>(() => deferReader(log.loaded!, () => reader(rest)), bySignal(signal))
    },
    reader: (streamOptions, skipped) => reader(streamOptions, undefined, skipped),
    checkpoints: checkpointsOf(request, shared),
    native: nativeLog(codec, requestOfViews, () => {
      if (!chosen) views = true
    }),
    methods: { del: 'async' },
    added: { verify: 'async', compact: 'async', storage: 'async' },
    del(seqs: number | number[], cb?: (err: Error | null) => void): any {
      return answer<void>(cb as Callback<void> | undefined, cb => {
        const list = Array.isArray(seqs) ? seqs : [seqs]
        const unknown = list.find(seq => !Number.isSafeInteger(seq) || seq < 0)
        if (unknown !== undefined) throw new FlumeError('NOT_FOUND', `no record has seq ${String(unknown)}`)
        request(
          {
            settle() {
              others?.tellDeleted()
              for (const fn of deleted) fn()
              if (beside) refreshBeside(() => cb(null, undefined))
              else cb(null, undefined)
            },
            fail: cb as any
          },
          (exports, handle, id, engine) => {
            engine.stage(new Uint8Array(Float64Array.from(list).buffer))
            exports.flumedb_delete(handle, id, list.length)
          }
        )
      })
    },
    compact: (...args: any[]): any => throughout(args, freed => freed, (exports, handle, id) => exports.flumedb_compact(handle, id)),
    verify: (...args: any[]): any => throughout(args, (_a, data) => parse(data), (exports, handle, id) => exports.flumedb_verify(handle, id)),
    stats(cb?: Callback<LogStats>): any {
      return answer<LogStats>(cb, cb =>
        request(
          {
            settle(_a, _b, data) {
              const { records, ...rest } = parse(data)
              cb(null, { records, since: records - 1, ...rest })
            },
            fail: cb as any
          },
          (exports, handle, id) => exports.flumedb_stats(handle, id)
        )
      )
    },
    storage(...args: any[]): any {
      const callback = takeCallback(args)
      return answer<LogStorage>(callback, cb => {
        const persist = checkStorageOptions(args[0])
        whenOpen(() => {
          const err = unusable()
          if (err) return (cb as any)(err)
          if (kind === MEMORY) return log.stats((err, stats) => cb(err, { usage: stats?.bytes, quota: undefined, persisted: false }))
          storageOf(name, persist).then(
            storage => cb(null, storage),
            cause => (cb as any)(new FlumeError('STORE', `storage of ${name}: ${cause?.message}`, { cause }))
          )
        })
      })
    },
    close(cb) {
      whenOpen(() => {
        if (closed || failure) {
          health.end()
          return call(cb)
        }
        appends.flush()
        closed = true
        const closeIn = (engine: Engine, handle: number, then: (err?: Error) => void) => {
          const done = (err?: Error) => {
            engine.logs.delete(handle)
            then(err)
          }
          engine.request({ settle: () => done(), fail: done }, (exports, id) => exports.flumedb_close(handle, id))
        }
        // The last appends are answered before the log is closed, and the others hear of them too.
        const last = () =>
          closeIn(engine!, handle, err => {
            others?.close()
            health.end()
            call(cb, err)
          })
        if (beside) beside.then(({ engine, handle }) => closeIn(engine, handle, last), last)
        else last()
      })
    }
  }
  bytesOf.set(log, {
    shared,
    codec,
    newest: () => since.value!,
    form: codec === json ? 'json' : options.codec === 'binary' ? 'binary' : 'other',
    append(run, lengths) {
      const err = unusable()
      return err ? Promise.reject(err) : appends.appendEncoded(run, lengths)
    },
    reader: streamOptions => reader(streamOptions, 'raw'),
    willSync() {
      if (!chosen) views = true
    },
    sync: requestOfViews,
    deleted,
    async synced() {
      others?.tellDeleted() // which has them look at all there is
      if (beside) await new Promise<void>(resolve => lookIn(engine!, handle, resolve))
    }
  })
  return log
}

const parse = (data?: Uint8Array): any => JSON.parse(new TextDecoder().decode(data))

type RequestOnLog = (
  answers: Request,
  enter: (exports: Exports, handle: number, id: number, engine: Engine) => void,
  how?: 'request' | 'gather'
) => void

function checkpointsOf(request: RequestOnLog, shared?: string): Checkpoints {
  const set = (name: string, bytes: Uint8Array | undefined, cb: (err?: Error | null) => void) =>
    request({ settle: () => call(cb, null), fail: err => call(cb, err) }, (exports, handle, id, engine) => {
      const [nameSize, size] = engine.stage(name, bytes ?? new Uint8Array())
      exports.flumedb_set_checkpoint(handle, id, nameSize, size, bytes ? 1 : 0)
    })
  return {
    shared,
    get: (name, cb) =>
      request(
        { settle: (found, _b, data) => call(cb, null, found ? (data ?? new Uint8Array()) : null), fail: err => call(cb, err) },
        (exports, handle, id, engine) => exports.flumedb_checkpoint(handle, id, engine.stage(name)[0])
      ),
    put: set,
    delete: (name, cb) => set(name, undefined, cb)
  }
}

function checkOptions(kind: number, name: unknown, options: LogOptions): void {
  const invalid = (message: string) => new FlumeError('INVALID_OPTION', message)
  if (kind !== MEMORY && (typeof name !== 'string' || !name)) throw invalid('a log needs a name')
  if (kind === FILE && !hasFiles) throw invalid('Log.file keeps its log in a folder, and there are none here')
  if (kind === INDEXED_DB && hasFiles) throw invalid('Log.indexedDB keeps its log in a browser, and this is Node')
  for (const option of Object.keys(options))
    if (!KNOWN.includes(option)) throw invalid(`unknown log option "${option}", known are ${KNOWN.join(', ')}`)
  const { durability, worker } = options
  if (worker && (hasFiles || typeof Worker === 'undefined')) throw invalid('option "worker" is for pages and dedicated workers: here no worker can be started')
  if (worker != null && !['boolean', 'string'].includes(typeof worker) && !(worker instanceof URL)) throw invalid(`worker must be true or an address, not ${String(worker)}`)
  if (durability !== undefined && durability !== 'relaxed' && durability !== 'strict')
    throw invalid(`durability must be 'relaxed' or 'strict', not ${String(durability)}`)
}

const aborted = (signal: AbortSignal) => new FlumeError('ABORTED', 'opening the log was aborted by its signal', { cause: signal.reason })
