import { FlumeError, call } from './errors.js'
import type { Args, NativeAnswer, NativePin, NativeSpec, NativeView } from './native-log.js'
import { type Obv, createObv } from './obv.js'
import { reporter } from './progress.js'
import { type End } from './pull.js'
import { isLive } from './stream-options.js'
import { type AtOptions, type MethodKind, type View, type ViewLog } from './types.js'
import { type HostedView, type ViewHost } from './view-host.js'
import { wrapMethods } from './view-methods.js'
import { type Waits, createWaits, whenReady } from './view-waits.js'

/** Asks the view in the module. `loaded` lets an old state answer. */
export type Ask = (method: string, args: Args, loaded: boolean, cb: (err: Error | null, answer?: NativeAnswer) => void) => void

/** What a native view's methods stand on. */
export interface NativeCore {
  readonly name: string
  readonly version: number | string
  readonly since: Obv<number>
  /** Bytes it keeps in the store; 0 while there are none. */
  readonly bytes: number
  /** Whether it sees something else than the records as they are stored, which are JSON then. */
  readonly mapped: boolean
  /** Changes whenever the state may have, once this side knows; NaN where it is not told. */
  readonly moves: number
  ask: Ask
  /**
   * Calls back once the view has applied the record `seq`, or with why it will not; with `true` when it is closed. The function
   * returned gives that up.
   */
  reached(seq: number, cb: (end: End | null) => void): () => void
}

/** What `db.use` is given for a view that runs in the module, which reads the log by itself. */
export interface NativeMount extends View {
  readonly inModule: true
  /** `history` is how many past states are to be kept. */
  host(db: ViewHost, history: number): HostedView
}

/** A native view of the module's kind `kind`, with the methods that `build` makes. */
export function createNativeView(
  log: ViewLog<any>,
  { name, version, kind, options, map, encode }: Omit<NativeSpec, 'map'> & { map?: ((value: any, seq: number) => unknown) | undefined },
  methods: Record<string, MethodKind>,
  build: (core: NativeCore) => Record<string, unknown>
): NativeMount {
  const { native } = log
  if (!native)
    throw new FlumeError('VIEW', `view '${name}' runs in the WebAssembly module and reads its log there: it needs a Log of this package, not another flumelog`, {
      view: name
    })
  native.expect()
  const since = createObv<number>()
  let bytes = 0
  let moves = 0
  let view: NativeView | undefined
  let reached: NativeCore['reached']
  const ask: Ask = (method, args, loaded, cb) => {
    if (view) view.call(method, args, loaded, cb)
    else cb(new FlumeError('CLOSED', `view '${name}' is not open`, { view: name }))
  }
  const core = {
    name,
    version,
    since,
    ask,
    mapped: !!map || !native.json,
    reached: ((seq, cb) => reached(seq, cb)) as NativeCore['reached'],
    get bytes() {
      return bytes
    },
    get moves() {
      return moves
    }
  }
  const own = build(core)
  const self = { since, methods, ...own } as any

  const host = (db: ViewHost, history: number): HostedView => {
    const progress = reporter(name, db.progress)
    let failure: Error | undefined
    let stale = false
    let closed = false
    let mounting: ((err: Error | null) => void)[] | undefined = []

    const { ready, settle } = createWaits({
      since,
      newest: db.since,
      loaded: db.loaded,
      usable: () => !!db.ready.value,
      failure: () => failure
    })
    core.mapped ||= !!db.mapper
    reached = (seq, cb) => ready(err => cb(closed || err), seq)
    db.ready(ready => ready && settle())
    const fail = (err: Error) => {
      failure = err
      progress.stop(err)
      settle()
    }
    const listener = {
      moved(at: number, isStale: boolean, size: number) {
        stale = isStale
        bytes = size
        moves++
        if (closed || at === since.value) return
        const before = since.value ?? Infinity
        if (at > before) {
          progress.read(at - before)
          progress.at(at, db.since.value!)
        } else progress.start(at, db.since.value!) // as it was left, or rebuilt
        since.set(at)
      },
      stopped(err: FlumeError) {
        fail(err.code === 'VIEW' || err.view ? new FlumeError(err.code, err.message, { ...err, cause: err.cause, view: name }) : err)
      }
    }

    const mount = () => {
      // A mapper, and records that are not JSON, leave the module nothing to read but what JavaScript makes of them.
      const own = map && ((value: any, seq: number, cb: (err: unknown, mapped?: unknown) => void) => cb(null, map(value, seq)))
      const mapper = db.mapper
      const through =
        mapper && own
          ? (value: any, seq: number, cb: (err: unknown, mapped?: unknown) => void) =>
              mapper(value, (err, mapped) => (err ? cb(err) : own(mapped, seq, cb)))
          : mapper
            ? (value: any, _seq: number, cb: (err: unknown, mapped?: unknown) => void) => mapper(value, cb)
            : (own ?? (native.json ? undefined : (value: any, _seq: number, cb: (err: unknown, mapped?: unknown) => void) => cb(null, value)))
      native.mount({ name, version, kind, options, history, map: through, encode: map && encode }, listener, (err, mounted) => {
        const waiting = mounting!
        mounting = undefined
        if (err) fail(err)
        view = mounted
        for (const cb of waiting) cb(err)
      })
    }
    whenReady(db.ready, () =>
      db.loaded(err => {
        if (closed) return
        if (err) return fail(err)
        mount()
      })
    )
    const whenMounted = (cb: (err: Error | null) => void) => void (mounting ? mounting.push(cb) : cb(view ? null : failure!))

    const rebuild = (cb: (err: Error | null) => void) =>
      whenMounted(err => {
        if (err) return cb(err)
        failure = undefined
        view!.rebuild(err => (err ? cb(err) : ready(cb)))
      })
    const status = () => ({
      ...progress.now(since.value ?? -1, db.since.value ?? -1, closed ? undefined : failure),
      version,
      bytes,
      stale
    })
    const close = (err: any, cb: any) => {
      if (typeof err === 'function') [err, cb] = [null, err]
      closed = true
      failure = err ?? new FlumeError('CLOSED', 'flumedb:view closed', { view: name })
      progress.stop()
      settle()
      if (view) view.unmount(err => call(cb, err))
      else call(cb)
    }
    const mounted: any = {
      name,
      since,
      ready,
      get status() {
        return status()
      },
      methods,
      createSink: self.createSink,
      destroy: (cb: any) => rebuild(err => call(cb, err)),
      close
    }
    wrapMethods(db, name, self, mounted, ready, () => closed)
    /** The methods of the view where it stands still at `seq`. */
    const still = (seq: number, ask: Ask) =>
      build({
        ...core,
        moves: NaN,
        since: createObv<number>(seq),
        ask,
        reached(after, cb) {
          cb(after <= seq ? null : true)
          return () => {}
        }
      })
    const at = (seq: number, pin: NativePin, index: number) => still(seq, (method, args, _loaded, cb) => pin.call(index, method, args, cb))
    mounted.at = (seq: number, { maxReplay = -1, ...others }: AtOptions = {}) => {
      if (!Number.isInteger(seq) || seq < -1) throw new FlumeError('INVALID_OPTION', `at takes a seq, or -1 for before the first, not ${String(seq)}`, { view: name })
      for (const option of Object.keys(others)) throw new FlumeError('INVALID_OPTION', `at has no option "${option}", known is maxReplay`, { view: name })
      if (typeof maxReplay !== 'number' || maxReplay !== maxReplay) throw new FlumeError('INVALID_OPTION', `option "maxReplay" must be a number, not ${String(maxReplay)}`, { view: name })
      const most = maxReplay === Infinity ? -1 : Math.max(Math.trunc(maxReplay), -1)
      const past = still(seq, (method, args, _loaded, cb) =>
        whenMounted(err => {
          if (err) return cb(err)
          view!.callAt(seq, most, method, args, (err, answer) => {
            const { code, seq } = (err ?? {}) as FlumeError
            if (code === 'REPLAY' || (code === 'VIEW' && seq != null)) Object.assign(err!, { view: name })
            cb(err, answer)
          })
        })
      )
      const given: any = { name, seq }
      const ready: Waits['ready'] = cb => {
        whenMounted(cb)
        return () => {}
      }
      wrapMethods(db, name, { ...self, ...past }, given, ready, () => closed)
      delete given.meta // it is of the view itself
      for (const [method, kind] of Object.entries(methods)) {
        if (kind !== 'source') continue
        const read = given[method]
        given[method] = (options?: any) => {
          if (isLive(options)) throw new FlumeError('INVALID_OPTION', 'a view as of a past seq cannot be live', { view: name })
          return read(options)
        }
      }
      return given
    }
    const inModule = {
      mounted: () => new Promise<NativeView>((resolve, reject) => whenMounted(err => (err ? reject(err) : resolve(view!)))),
      at
    }
    return { mounted, status, ready, rebuild, inModule, close: cb => close(null, cb) }
  }

  return Object.assign(self, {
    inModule: true,
    host,
    createSink() {
      throw new FlumeError('VIEW', `view '${name}' reads the log by itself`, { view: name })
    },
    destroy: (cb: any) => call(cb),
    close: (cb: any) => call(cb)
  })
}
