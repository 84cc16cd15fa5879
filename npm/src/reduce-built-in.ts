import { type Callback } from './callback.js'
import { FlumeError } from './errors.js'
import { lazyObv } from './lazy-obv.js'
import { type NativeCore, createNativeView } from './native-view.js'
import { type Obv } from './obv.js'
import { type End } from './pull.js'
import { pullReader } from './readers.js'
import { type Source, createSource } from './source.js'
import { type ModuleView, type ViewLog } from './types.js'

/**
 * Where a value stands in a record: names joined by points, as in `'content.type'`, or an array of names and indexes where
 * a name has a point in it. `true` is the whole record.
 */
export type Path = string | readonly (string | number)[] | true

/** What the value at a path has to be: a value it equals, or operators, all of which hold. */
export type Condition =
  | null
  | boolean
  | number
  | string
  | readonly unknown[]
  | {
      eq?: unknown
      ne?: unknown
      lt?: number | string
      lte?: number | string
      gt?: number | string
      gte?: number | string
      in?: readonly unknown[]
      prefix?: string
      /** Whether there is a value at all. */
      exists?: boolean
    }

/** Conditions by path, all of which hold; as an array of pairs where a name has a point in it. */
export type Where = { readonly [path: string]: Condition } | readonly (readonly [Path, Condition])[]

/** A stretch of a histogram; a bound is null where there is none. */
export interface Bucket {
  from: number | null
  to: number | null
  count: number
}

/** What each aggregate answers. Only numbers count for those from `sum` to `histogram`. */
export interface AggregateResults {
  /** How many records. */
  count: number
  sum: number
  /** Null where there is no number, as for the next three. */
  min: number | null
  max: number | null
  mean: number | null
  /** The standard deviation of a sample: null of fewer than two numbers. */
  stdev: number | null
  histogram: Bucket[]
  /** How many different values. */
  distinct: number
  /** The value in the first record that has one; null where none has. */
  first: any
  last: any
}

/** Aggregates of the same records; each names the path of its values. */
export interface AggregateOptions {
  count?: boolean
  sum?: Path
  min?: Path
  max?: Path
  mean?: Path
  stdev?: Path
  /** Needs `width`, or `edges`. */
  histogram?: Path
  distinct?: Path
  first?: Path
  last?: Path
  /** Only the records that meet this. */
  where?: Where
  /** A result for each value at this path; an array of paths nests them. */
  groupBy?: string | readonly Path[]
  /** How wide a histogram's stretches are. */
  width?: number
  /** Where a histogram's stretches begin and end. */
  edges?: readonly number[]
  reduce?: never
}

/** Several results, by their names. */
export interface NamedAggregates {
  readonly [name: string]: AggregateOptions
}

type Names<O> = keyof O & keyof AggregateResults
type IsOne<U, All = U> = [U] extends [never] ? false : U extends unknown ? ([All] extends [U] ? true : false) : never
type Plain<O> = IsOne<Names<O>> extends true ? AggregateResults[Names<O>] : { [K in Names<O>]: AggregateResults[K] }
type Grouped<G, R> = G extends readonly [unknown, ...infer Rest]
  ? { [key: string]: Grouped<Rest, R> }
  : G extends readonly []
    ? R
    : { [key: string]: R }
type One<O> = O extends { groupBy: infer G } ? Grouped<G, Plain<O>> : Plain<O>

/** What a built-in reduce of these options answers. */
export type ReduceResult<O> = [Names<O>] extends [never] ? { [K in keyof O]: One<O[K]> } : One<O>

interface Wait {
  since?: number
}

/** The state with the seq it is of. `stale`: it is an old one, which answers while another is being built. */
export interface ReducedAt<S> {
  seq: number
  version: number | string
  value: S
  stale?: true
}

/** What `Reduce` mounts for built-in aggregates. */
export interface BuiltInReduceView<S> extends ModuleView {
  readonly methods: { readonly get: 'async'; readonly stream: 'source'; readonly value: 'sync' }
  /**
   * The state; with options, the state and the seq it is of. `meta: false` leaves out the seq, `values: false` the state. The
   * state is the same object until it changes, so do not change it.
   */
  get(cb: Callback<S>): void
  get(options: null | undefined, cb: Callback<S>): void
  get(options: Wait & { values: false }, cb: Callback<Omit<ReducedAt<S>, 'value'> & { size: number | null }>): void
  get(options: Wait & { meta: false }, cb: Callback<S>): void
  get(options: Wait & { meta?: true; values?: true }, cb: Callback<ReducedAt<S>>): void
  get(options: Wait & { values: false }): Promise<Omit<ReducedAt<S>, 'value'> & { size: number | null }>
  get(options: Wait & { meta: false }): Promise<S>
  get(options: Wait & { meta?: true; values?: true }): Promise<ReducedAt<S>>
  get(options?: null): Promise<S>
  /** The state, once; with `live`, then again after it has changed, the newest for a reader that is slower than changes. */
  stream(options?: Wait & { live?: boolean }): Source<S>
  /** The state, observable. */
  readonly value: Obv<S>
}

export type CreateBuiltInReduce<S> = (log: ViewLog<any>, name: string) => BuiltInReduceView<S>

const AGGREGATES = ['count', 'sum', 'min', 'max', 'mean', 'stdev', 'histogram', 'distinct', 'first', 'last']
const KNOWN = [...AGGREGATES, 'where', 'groupBy', 'width', 'edges']

const isPlain = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Finds out early what a typist gets wrong; the module checks the rest. */
function check(options: any): void {
  const all: any[] = isPlain(options) && Object.values(options).length && Object.values(options).every(isPlain) ? Object.values(options) : [options]
  for (const one of all) {
    for (const name of Object.keys(one))
      if (!KNOWN.includes(name)) throw new FlumeError('INVALID_OPTION', `Reduce has no option "${name}", known are ${KNOWN.join(', ')}`)
    if (!AGGREGATES.some(name => one[name]))
      throw new FlumeError('INVALID_OPTION', `Reduce needs a reducer, or one of ${AGGREGATES.join(', ')}`)
  }
}

export function builtInReduce(version: number | string, options: object): CreateBuiltInReduce<any> {
  check(options)
  return (log, name) => createNativeView(log, { name, version, kind: 'reduce', options }, reduceMethods, reduceOf) as any
}

export const reduceMethods = { get: 'async', stream: 'source', value: 'sync' } as const

export function reduceOf(core: NativeCore) {
  const value = stateOf(core, true)
  return { value, ...reduceReads(core, () => value) }
}

/** The state, observable. `loaded` has it read as it is when `core.since` moves, which is then the view's own. */
export const stateOf = (core: NativeCore, loaded: boolean): Obv<any> =>
  lazyObv<any>(core.since, cb => core.ask('get', [], loaded, (err, answer) => err || cb(answer!.value)))

export function reduceReads(core: NativeCore, value: () => Obv<any>) {
  let kept: { value: unknown; seq: number; moves: number } | undefined
  return {
    get(options: any, cb: Callback<any>) {
      if (!options && kept?.moves === core.moves && kept.seq === core.since.value) return cb(null, kept.value)
      const { moves } = core
      core.ask('get', [], options?.since < 0, (err, answer) => {
        if (err) return cb(err, undefined)
        const { value, since: seq, stale } = answer!
        kept = stale ? undefined : { value, seq, moves }
        const bare = !options || typeof options !== 'object' || !Object.keys(options).length
        if (bare || (options.meta === false && options.values !== false)) return cb(null, value)
        const meta = { seq, version: core.version, ...(stale && { stale }) }
        cb(null, options.values === false ? { ...meta, size: core.bytes || null } : { ...meta, value })
      })
    },
    stream: (options: any) =>
      createSource(() => {
        const states = value()[Symbol.asyncIterator]()
        let first = true
        return pullReader<any>((abort: End | null, cb) => {
          if (abort || (!first && !options?.live)) return void states.return!().then(() => cb(abort ?? true))
          first = false
          states.next().then(({ done, value }) => (done ? cb(true) : cb(null, value)), cb)
        })
      })
  }
}
