import { takeTurn, takesTurns } from './build-turn.js'
import { type Callback } from './callback.js'
import { type Checkpoint, type Encoded, decodeCheckpoint, encodeCheckpoint } from './checkpoint.js'
import { copy } from './copy.js'
import { FlumeError } from './errors.js'
import { createFollowers } from './follow.js'
import { type Obv, createObv } from './obv.js'
import { type AggregateOptions, type CreateBuiltInReduce, type NamedAggregates, type ReduceResult, builtInReduce } from './reduce-built-in.js'
import { type Source, createSource } from './source.js'
import { type Item, type View, type ViewLog } from './types.js'

/** The state to what is stored and back: `decode` is given what `encode` gave. The default is JSON. */
export interface StateCodec<S> {
  encode(state: S): Encoded
  decode(stored: any): S
}

/** The state so far and a record to the state after it. It may change `acc` itself and return it. */
export type Reducer<S, M, Acc = S> = (acc: Acc, item: M, seq: number) => S

export interface ReduceOptions<T, S, Acc = S> {
  reduce: Reducer<S, T, Acc>
  map?: null
  codec?: StateCodec<S> | null
}

export interface MapReduceOptions<T, S, M, Acc = S> {
  reduce: Reducer<S, M, Acc>
  map: MapItem<T, M>
  codec?: StateCodec<S> | null
}

/** What of a record goes to the reducer; null or undefined skips it. */
export type MapItem<T, M> = (value: T, seq: number) => M | null | undefined

interface StateAt<S> {
  seq: number
  version: number | string
  value: S
  /** It is an old state, perhaps of another version, which answers `{ since: -1 }` while that of this one is being built. */
  stale?: true
}
interface Meta {
  seq: number
  version: number | string
  /** Bytes of the stored state, null when there is none. */
  size: number | null
  stale?: true
}
interface Wait {
  since?: number
}

/** What `Reduce` mounts. `get` and `stream` wait for the view as every view's reads do. */
export interface ReduceView<S, M> extends View {
  readonly methods: { readonly get: 'async'; readonly stream: 'source'; readonly value: 'sync' }
  /**
   * The state; with options, the state and the seq it is of. `meta: false` leaves out the seq, `values: false` the state.
   * The state answered is the live one: do not change it.
   */
  get(cb: Callback<S>): void
  get(options: null | undefined, cb: Callback<S>): void
  get(options: Wait & { values: false }, cb: Callback<Meta>): void
  get(options: Wait & { meta: false }, cb: Callback<S>): void
  get(options: Wait & { meta?: true; values?: true }, cb: Callback<StateAt<S>>): void
  get(options: Wait & { values: false }): Promise<Meta>
  get(options: Wait & { meta: false }): Promise<S>
  get(options: Wait & { meta?: true; values?: true }): Promise<StateAt<S>>
  get(options?: null): Promise<S>
  /** The state, once; with `live`, then each item as it is given to the reducer, so that a reader can follow. */
  stream(options: Wait & { live: true }): Source<S | M>
  stream(options?: Wait & { live?: false }): Source<S>
  /** The state, observable. */
  readonly value: Obv<S>
}

/** Makes the view for `db.use`. */
export type CreateReduce<T, S, M> = (log: ViewLog<T>, name: string) => ReduceView<S, M>

const json: StateCodec<any> = {
  encode(state) {
    // Maps, Sets and the like would come back as plain objects.
    if (typeof state === 'object' && !/(Object|Array|Null)]/.test(Object.prototype.toString.call(state)))
      throw new TypeError('JSON cannot hold this state: give a codec')
    return JSON.stringify(state)
  },
  decode: JSON.parse
}

/** A checkpoint is due when caught up, after a pause in which more may come… */
const PAUSE_MS = 100
/** …and on the way there, after so many records and so long. */
const WORK_ITEMS = 10_000
const WORK_MS = 1000
/** Encoding a large state takes long: checkpoints take no more than one part in so many of the time. */
const SHARE = 20

/**
 * A view that folds the log into one state: `acc` is the state so far, `initial` (or undefined) before the first record.
 *
 * The state is kept in the log's own store, if the log offers one, together with the seq it is of and `version`; it is
 * saved when caught up, at intervals on the way, and on close. Raise `version` when the functions change: a state of
 * another version, a damaged one, or one ahead of its log is discarded and built again. Until that is done one of another
 * version is the `value`, and answers reads with `{ since: -1 }`, marked `stale`. After a crash the records since the last
 * checkpoint are read once more; none is applied twice.
 *
 * What `reduce` or `map` throws stops this view, with an error of code `VIEW`, and nothing else.
 */
export function Reduce<T, S>(
  version: number | string,
  options: ReduceOptions<T, S> & { initial: S }
): CreateReduce<T, S, T>
export function Reduce<T, S, M>(
  version: number | string,
  options: MapReduceOptions<T, S, M> & { initial: S }
): CreateReduce<T, S, M>
export function Reduce<T, S = any>(
  version: number | string,
  options: ReduceOptions<T, S, S | undefined>
): CreateReduce<T, S | undefined, T>
export function Reduce<T, S, M>(
  version: number | string,
  options: MapReduceOptions<T, S, M, S | undefined>
): CreateReduce<T, S | undefined, M>
export function Reduce<T, S>(
  version: number | string,
  reduce: Reducer<S, T>,
  map: null | undefined,
  codec: StateCodec<S> | null | undefined,
  initial: S
): CreateReduce<T, S, T>
export function Reduce<T, S, M>(
  version: number | string,
  reduce: Reducer<S, M>,
  map: MapItem<T, M>,
  codec: StateCodec<S> | null | undefined,
  initial: S
): CreateReduce<T, S, M>
export function Reduce<T, S = any>(
  version: number | string,
  reduce: Reducer<S, T, S | undefined>,
  map?: null,
  codec?: StateCodec<S> | null
): CreateReduce<T, S | undefined, T>
export function Reduce<T, S, M>(
  version: number | string,
  reduce: Reducer<S, M, S | undefined>,
  map: MapItem<T, M>,
  codec?: StateCodec<S> | null
): CreateReduce<T, S | undefined, M>
/**
 * A view of counts, sums and the like, which the module gathers from the records as they are stored: no object is made of
 * any. `options` name aggregates and the paths of their values, for all records or those that meet `where`, in all or for
 * each group:
 *
 *     Reduce(1, { sum: 'delay' })                                            // 42
 *     Reduce(1, { count: true, mean: 'delay', groupBy: 'origin' })           // { SFO: { count: 7, mean: 3 }, … }
 *     Reduce(1, { late: { count: true, where: { delay: { gt: 15 } } }, all: { count: true } })   // { late: 2, all: 9 }
 *
 * It needs a `Log` of this package. Other options build it anew, as another version does.
 */
export function Reduce<const O extends AggregateOptions | NamedAggregates>(
  version: number | string,
  options: O
): CreateBuiltInReduce<ReduceResult<O>>
export function Reduce(
  version: number | string,
  reduce: any,
  map?: any,
  codec?: StateCodec<any> | null,
  initial?: any
): CreateReduce<any, any, any> {
  if (typeof version === 'function' || version == null)
    throw new FlumeError('INVALID_OPTION', 'version must be a number')
  if (typeof reduce === 'object' && reduce && !('reduce' in reduce)) return builtInReduce(version, reduce) as any
  if (typeof reduce !== 'function') ({ reduce, map, codec, initial } = reduce ?? {})
  if (typeof reduce !== 'function') throw new FlumeError('INVALID_OPTION', 'reduce must be a function')
  const { encode, decode } = codec ?? json
  const ofVersion = JSON.stringify(version)

  return (log, name) => {
    const { checkpoints } = log
    const since = createObv<number>()
    const value = createObv<any>()
    let state: any
    let size: number | null = null
    // What answers reads that do not wait while the state is being built, and how it is stored, if it is.
    let old: { seq: number; value: any; stored?: Checkpoint } | undefined

    // Checkpoints: one is written at a time, and a view that is being destroyed or closed waits for it.
    let unsaved = 0
    let writing = false
    let idle: (() => void)[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    let cost = 0
    let complained = false

    // Our turn to build, or the wait for it; a state that somebody wants built again is built here in any case.
    let endTurn: (() => void) | undefined
    let ours = false
    const leaveTurn = () => {
      endTurn?.()
      endTurn = undefined
    }

    const whenIdle = (cb: () => void) => {
      clearTimeout(timer)
      timer = undefined
      if (writing) idle.push(cb)
      else cb()
    }
    const caughtUp = () => since.value === log.since.value
    const schedule = () => {
      if (!checkpoints || timer || writing || !unsaved) return
      if (caughtUp() || unsaved >= WORK_ITEMS)
        timer = setTimeout(save, Math.max(caughtUp() ? PAUSE_MS : WORK_MS, cost * SHARE))
    }
    // A checkpoint that cannot be written costs only time at the next opening: it is tried again as records
    // come, ever less often.
    const save = () => {
      timer = undefined
      const count = unsaved
      const done = (err?: unknown) => {
        writing = false
        if (err) {
          if (!complained) console.error(`flumedb: view '${name}' cannot save its state`, err)
          complained = true
          cost = Math.max(cost * 2, WORK_MS)
        } else unsaved -= count
        if (caughtUp()) leaveTurn()
        for (const cb of idle.splice(0)) cb()
        if (!err) schedule()
      }
      writing = true
      try {
        const began = performance.now()
        const bytes = encodeCheckpoint({ version: ofVersion, seq: since.value!, state: encode(state), old: old?.stored })
        cost = performance.now() - began
        size = bytes.length
        checkpoints!.put(name, bytes, done)
      } catch (err) {
        done(err)
      }
    }

    const mapItem = ({ value, seq }: Item<any>) => (map ? map(value, seq) : value)
    const threw = (cause: unknown, seq: number) => new FlumeError('VIEW', `view '${name}' threw`, { cause, view: name, seq })
    const followers = createFollowers<any>(since, (gt, lte) => {
      const records = log.stream({ gt, lte })
      return function next(abort, cb) {
        records(abort, (end, item) => {
          if (end) return cb(end)
          let mapped
          try {
            mapped = mapItem(item!)
          } catch (cause) {
            const err = threw(cause, item!.seq)
            return records(err, () => cb(err))
          }
          if (mapped == null) next(null, cb)
          else cb(null, mapped)
        })
      }
    })
    const begin = (seq: number, from: unknown) => {
      state = from
      value.set(old ? old.value : state)
      since.set(seq)
    }
    /** The state in a checkpoint, if there is one that the codec can read. */
    const decoded = (stored?: Checkpoint) => {
      if (!stored) return
      try {
        return { seq: stored.seq, value: stored.state === undefined ? undefined : decode(stored.state), stored }
      } catch {
        return // as good as damaged
      }
    }
    const restore = (bytes?: Uint8Array | null) => {
      if (since.value != null) return // destroyed before it was loaded
      const found = bytes ? decodeCheckpoint(bytes) : undefined
      const stored = [found, found?.old].filter(one => one !== undefined)
      const current = decoded(stored.find(one => one.version === ofVersion))
      if (current) size = bytes!.length
      const behind = (seq: number) => seq < (log.since.value ?? Infinity)
      const others = stored.filter(one => one.version !== ofVersion && one.seq >= 0 && one.seq <= (log.since.value ?? Infinity))
      if (behind(current?.seq ?? -1)) old = decoded(others.sort((a, b) => b.seq - a.seq)[0])
      if (current) begin(current.seq, current.value)
      else begin(-1, copy(initial)) // reducers may change what they are given
    }
    const discard = (cb: (err?: any) => void) =>
      whenIdle(() => {
        leaveTurn()
        ours = true
        unsaved = 0
        size = null
        begin(-1, copy(initial))
        if (checkpoints) checkpoints.delete(name, cb)
        else cb()
      })
    /** Goes on from a state that another context has come to, if it is further than ours. */
    const adopt = (bytes: Uint8Array | null | undefined, then: (further: boolean) => void) => {
      const turn = endTurn
      const found = bytes ? decodeCheckpoint(bytes) : undefined
      const further = found?.version === ofVersion && found.seq > since.value! ? decoded(found) : undefined
      if (!further) return then(false)
      const take = () => {
        leaveTurn()
        if (log.since.value === further.seq) old = undefined
        size = bytes!.length
        begin(further.seq, further.value)
        followers.leap()
        then(true)
      }
      if (log.since.value! >= further.seq) return take()
      // It has seen records that we have not heard of yet.
      const off = log.since(newest => {
        if (endTurn === turn && newest < further.seq) return
        off()
        if (endTurn === turn) take()
      }, false)
    }
    if (checkpoints) checkpoints.get(name, (err, bytes) => restore(err ? null : bytes))
    else restore()

    const view: View & Record<string, any> = {
      since,
      value,
      version,
      get bytes() {
        return size ?? 0
      },
      get stale() {
        return !!old
      },
      methods: { get: 'async', stream: 'source', value: 'sync' },
      get(options: any, cb: Callback<any>) {
        const bare = !options || typeof options !== 'object' || !Object.keys(options).length
        const from = options?.since < 0 && old ? { ...old, stale: true } : { seq: since.value, value: state, stale: false }
        if (bare || (options.meta === false && options.values !== false)) return cb(null, from.value)
        const meta = { seq: from.seq, version, ...(from.stale && { stale: true }) }
        cb(null, options.values === false ? { ...meta, size } : { ...meta, value: from.value })
      },
      stream: (options: any) => {
        const live = options?.live === true
        return createSource(() => followers.follow(() => (old && options?.since < 0 && !live ? old.value : state), live))
      },
      createSink: over => read => {
        const next = () =>
          read(null, (end, item) => {
            if (end) return over(end === true ? null : end)
            const { seq } = item!
            try {
              const mapped = mapItem(item!)
              if (mapped != null) state = reduce(state, mapped, seq)
              const caughtUp = old && seq >= log.since.value!
              if (caughtUp) old = undefined
              if (caughtUp || (mapped != null && !old)) value.set(state)
              followers.give(seq, mapped)
            } catch (err) {
              followers.fail(threw(err, seq))
              throw err
            }
            unsaved++
            since.set(seq)
            schedule()
            next()
          })
        leaveTurn()
        if (ours || !takesTurns(checkpoints?.shared, log.since.value! - since.value!)) return next()
        const end = (endTurn = takeTurn(`flumedb-wasm:view:${checkpoints!.shared}:${name}@${ofVersion}`, () =>
          checkpoints!.get(name, (_err, bytes) => {
            if (endTurn === end) adopt(bytes, further => (further ? over() : next()))
          })
        ))
      },
      destroy(cb) {
        old = undefined
        discard(cb)
      },
      skip() {
        leaveTurn()
        if (!old) return
        old = undefined
        value.set(state)
      },
      restart(cb) {
        if (since.value! >= 0) old ??= { seq: since.value!, value: state }
        discard(cb)
      },
      close: (cb: () => void) =>
        whenIdle(() => {
          const done = () => {
            leaveTurn()
            cb()
          }
          if (!checkpoints || !unsaved) return done()
          idle.push(done)
          save()
        })
    }
    return view as any
  }
}
