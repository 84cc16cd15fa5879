import { type Callback, all, answer, takeCallback } from './callback.js'
import { FlumeError, call, closedError } from './errors.js'
import { type ExportOptions, checkExportOptions, exportReader } from './export.js'
import { type ImportOptions, type ImportSource, runImport } from './importer.js'
import { bytesOf } from './log-bytes.js'
import { type WritableObv, createObv } from './obv.js'
import { type Progress } from './progress.js'
import { deferReader, mapPull, pullReader } from './readers.js'
import { type BatchReader, type Enlist, bySignal, createSource, pullItems } from './source.js'
import { checkSeq, checkStreamOptions, isLive } from './stream-options.js'
import { type SyncOptions, runSync } from './syncer.js'
import { type CreateView, type FlumeDB, type FlumeLog, type FlumeOf, type MountedView, type RecordOf, type StreamOptions, type UseOptions, type ViewLog } from './types.js'
import { createRead } from './together.js'
import { type HostedView, type ViewHost, hostView, toObv } from './view-host.js'

/** Changes a record's value between the log and every reader of it: `get`, streams and views. */
export type Mapper<T> = (value: T, cb: (err: any, value?: T) => void) => void

/** A database of records of type `T`, with the views `V`. */
export type Flume<T, V = {}> = FlumeDB<T, V>

/** What a database has in flumedb. All else that ours has gives way to a view, or a log's method, of the same name. */
const FLUMEDB = ['append', 'close', 'closed', 'dir', 'get', 'meta', 'ready', 'rebuild', 'since', 'stream', 'use', 'views']

/**
 * A database over `log`. Returns at once: what is asked of it while the log loads waits, in order.
 *
 * With `isReady: false` no view is started until `db.ready.set(true)`, so that a migration can go first.
 */
export function Flume<L extends FlumeLog<any>>(
  log: L,
  isReady?: boolean | null,
  mapper?: Mapper<RecordOf<L>> | null
): FlumeOf<L> {
  type Loaded = (err: Error | null) => void
  const since = toObv<number>(log.since) as WritableObv<number>
  const ready = createObv<boolean>()
  if (isReady !== false) ready.set(true)
  const progress = createObv<Progress>()
  const meta: Record<string, any> = { get: 0 }
  const hosted = new Map<string, HostedView>()
  const views: Record<string, MountedView> = {}
  Object.defineProperty(views, Symbol.iterator, { value: () => Array.from(hosted.values(), view => view.status()).values() })
  const closers = new Set<(err: Error) => void>()

  let load: { err: Error | null } | undefined
  let loading: Loaded[] = []
  const settleLoad: Loaded = err => {
    load ??= { err }
    for (const cb of loading.splice(0)) call(cb, load.err)
  }
  const loaded = (cb: Loaded) => {
    if (load) cb(load.err)
    else loading.push(cb)
  }
  if (log.loaded) log.loaded(settleLoad)
  // The log's own once: an obv calls those last, and a live stream that is opened from an earlier listener of
  // flumelog-offset's would take the value being set for a new record.
  else log.since.once(() => settleLoad(null))

  let closing: Loaded[] | undefined // who waits for the end of close()
  const open = (method: string) => {
    if (closing) throw closedError(method)
  }
  // What is live has no other end than this one. flumedb's people drain such streams without minding how they end.
  const enlist: ViewHost['enlist'] = (abort, live) => {
    const close = (err: Error) => abort(live || err)
    closers.add(close)
    return () => closers.delete(close)
  }

  /** Ends a reader when the database closes, or when the signal fires. */
  const enlistWith =
    (signal: AbortSignal | undefined, live?: boolean): Enlist =>
    abort => {
      if (closing) abort(closedError('stream'))
      const offs = [enlist(abort, live), bySignal(signal)(abort)]
      return () => offs.forEach(off => off())
    }

  const get = (seq: number, cb: Callback<any>) =>
    loaded(err => {
      if (err) return (cb as Loaded)(err)
      try {
        checkSeq(seq)
        if (seq < 0 || seq > since.value!) throw new FlumeError('NOT_FOUND', `no record has seq ${seq}`, { seq })
        meta.get++
        log.get(seq, (err, value, ...more) => {
          if (err || !mapper) return (cb as Function)(err, value, ...more)
          try {
            mapper(value, cb as Loaded)
          } catch (thrown) {
            ;(cb as Loaded)(thrown as Error)
          }
        })
      } catch (thrown) {
        ;(cb as Loaded)(thrown as Error)
      }
    })

  const reader: ViewHost['reader'] = (options, skipped): BatchReader<any> => {
    const open = () => log.reader?.(options, skipped) ?? pullReader<any>(log.stream(options))
    // Bare seqs have nothing to map. With both shapes off a stream yields values.
    if (!mapper || (options.values === false && options.seqs !== false)) return open()
    const bare = options.seqs === false
    return pullReader(
      mapPull<any, any>(pullItems(open), (item, cb) =>
        mapper(bare ? item : item.value, (err, value) => cb(err, bare ? value : { seq: item?.seq, value }))
      )
    )
  }

  const stream = (options?: StreamOptions, lenient?: boolean) => {
    const { signal, ...rest } = checkStreamOptions(options, lenient)
    return createSource<any>(() => deferReader(loaded, () => reader(rest)), enlistWith(signal, isLive(rest)))
  }

  const viewLog: ViewLog<any> = {
    get: (seq, cb) => get(seq, (err, ...values) => call(cb, deletedAsInFlumelog(err), ...values)),
    stream: (options?: StreamOptions) => stream(options, true),
    since,
    get filename() {
      return log.filename
    },
    checkpoints: log.checkpoints,
    native: log.native
  }
  const viewHost = {
    since,
    ready,
    progress,
    loaded,
    enlist,
    reader,
    mapper: mapper ?? undefined,
    get closed() {
      return !!closing
    }
  }

  /** The views of these names, each once. */
  const named = (method: string, names: unknown): HostedView[] => {
    if (!Array.isArray(names)) throw new FlumeError('INVALID_OPTION', `${method}: the names of views must be an array, not ${String(names)}`)
    return [...new Set(names)].map(name => {
      const view = hosted.get(name)
      if (view) return view
      const mounted = hosted.size ? `mounted are ${[...hosted.keys()].join(', ')}` : 'none is'
      throw new FlumeError('INVALID_OPTION', `${method}: no view named ${JSON.stringify(name)} is mounted, ${mounted}`, { view: String(name) })
    })
  }

  const read = createRead(viewHost, log.native)

  const taken = new Set(FLUMEDB)
  const db: any = {
    since,
    ready,
    progress,
    meta,
    views,
    get dir() {
      return log.filename ? folder(log.filename) : null
    },
    get closed() {
      return !!closing
    },
    append(value: any, cb?: Callback<number>) {
      if (!closing && log.promises) return log.append(value, cb!)
      return answer(cb, cb => {
        open('append')
        log.append(value, cb)
      })
    },
    get: (seq: number, cb?: Callback<any>) =>
      answer(cb, cb => {
        open('get')
        get(seq, cb)
      }),
    stream(options?: StreamOptions) {
      open('stream')
      return stream(options)
    },
    use(name: string, create: CreateView<any>, options: UseOptions = {}) {
      if (taken.has(name)) throw new FlumeError('INVALID_OPTION', `${name} is already in use!`)
      const { history = 0, ...others } = options
      for (const option of Object.keys(others)) throw new FlumeError('INVALID_OPTION', `use has no option "${option}", known is history`)
      if (!Number.isInteger(history) || history < 0) throw new FlumeError('INVALID_OPTION', `option "history" must be how many past states to keep, not ${String(history)}`)
      open('use')
      const view: any = create(viewLog, name)
      for (const method of ['close', 'createSink', 'destroy', 'since'])
        if (typeof view[method] !== 'function')
          throw new FlumeError('VIEW', `FlumeDB view '${name}' must implement method '${method}'`, { view: name })
      if (!view.methods) throw new FlumeError('VIEW', 'a stream view must have methods property', { view: name })
      if (history && !view.host)
        throw new FlumeError('INVALID_OPTION', `view '${name}' runs in JavaScript, and keeps no past states: option "history"`, { view: name })
      const host: HostedView = view.host ? view.host(viewHost, history) : hostView(viewHost, name, view)
      taken.add(name)
      hosted.set(name, host)
      views[name] = db[name] = host.mounted
      meta[name] = host.mounted.meta
      return db
    },
    async import(source: ImportSource, options?: ImportOptions) {
      open('import')
      const target = { log, bytes: bytesOf.get(log), loaded, enlist }
      return runImport(target, source, options ?? {})
    },
    async sync(url: string | URL, options?: SyncOptions) {
      open('sync')
      const bytes = bytesOf.get(log)
      bytes?.willSync()
      const target = { bytes, loaded, enlist, since: (fn: (seq: number) => void) => since(fn, false) }
      return runSync(target, url, options ?? {})
    },
    export(options?: ExportOptions) {
      open('export')
      const { signal, ...rest } = checkExportOptions(options)
      return createSource(() => deferReader(loaded, () => exportReader(log, bytesOf.get(log), rest)), enlistWith(signal))
    },
    read(names: string[], fn: (...views: any[]) => unknown, ...args: any[]) {
      const cb = takeCallback(args)
      return answer<any>(cb, cb => {
        open('read')
        const { signal, ...rest } = args[0] ?? {}
        for (const option of Object.keys(rest)) throw new FlumeError('INVALID_OPTION', `read has no option "${option}", known is signal`)
        if (typeof fn !== 'function') throw new FlumeError('INVALID_OPTION', `read: what is to be done with the views must be a function, not ${String(fn)}`)
        const views = named('read', names)
        if (views.length !== names.length) throw new FlumeError('INVALID_OPTION', 'read: a view is named twice')
        read(views, fn, signal).then(value => cb(null, value), cb as Loaded)
      })
    },
    rebuild(...args: any[]) {
      const cb = takeCallback(args)
      return answer(cb, cb => {
        open('rebuild')
        all(named('rebuild', args[0] ?? [...hosted.keys()]).map(view => view.rebuild), cb as unknown as Loaded)
      })
    },
    ...(log.health && { health: log.health }),
    ...(log.stats && {
      stats: (cb?: Callback<object>) =>
        answer(cb, cb => {
          open('stats')
          log.stats!((err, stats) => {
            if (err) return (cb as Loaded)(err)
            let viewBytes = 0
            for (const view of hosted.values()) viewBytes += view.status().bytes ?? 0
            cb(null, { ...stats, viewBytes })
          })
        })
    }),
    close: (cb?: Callback<void>) =>
      answer(cb, cb => {
        if (closedWith !== undefined) return cb(closedWith, undefined)
        if (closing) return closing.push(cb as Loaded)
        closing = [cb as Loaded]
        close()
      })
  }

  let closedWith: Error | null | undefined
  const close = () => {
    const done = (err: Error | null) => {
      closedWith = err
      since.end()
      progress.end()
      for (const cb of closing!) cb(err)
    }
    // The views stop before their streams are ended, so that none takes its end for a failure.
    all(
      Array.from(hosted.values(), view => cb => view.close(cb)),
      err => (log.close ? all([cb => log.close!(cb)], e => done(err ?? e)) : done(err))
    )
    const closed = new FlumeError('CLOSED', 'the database was closed while this waited')
    settleLoad(closed)
    for (const abort of [...closers]) abort(closed)
  }

  for (const [method, kind] of Object.entries({ ...log.added, ...log.methods })) {
    const fn = (log as any)[method]
    if (typeof fn !== 'function')
      throw new FlumeError('INVALID_OPTION', `expected function named: "${method}" of type: "${kind}"`)
    if (taken.has(method))
      throw new FlumeError('INVALID_OPTION', `log method "${method}" conflicts with flumedb method of the same name`)
    if (log.methods?.[method]) taken.add(method)
    db[method] =
      kind !== 'async'
        ? fn
        : (...args: any[]) =>
            answer(takeCallback(args), cb => {
              open(method)
              fn.call(log, ...args, cb)
            })
  }
  return db
}

// By this flumedb's views know that there is nothing to index any more.
function deletedAsInFlumelog(err: any): any {
  return err?.code === 'DELETED' ? Object.assign(new Error('item has been deleted', { cause: err }), { code: 'flumelog:deleted' }) : err
}

// path.dirname, which browsers lack.
function folder(file: string): string {
  const slash = Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\'))
  return slash < 0 ? '.' : file.slice(0, slash || 1)
}
