import { type Callback } from './callback.js'
import { FlumeError, call } from './errors.js'
import { type NativeCore, createNativeView } from './native-view.js'
import { queryReader } from './query-reader.js'
import { type Source, createSource } from './source.js'
import { type Item, type ModuleView, type ViewLog } from './types.js'

/** Where a value stands: one name, or an array of names and indexes from the outside in. */
export type QueryPath = string | readonly (string | number)[]

type Scalar = string | number | boolean | null | undefined

/** Operators of a filter; of several in one object all hold. */
interface FilterOperators {
  $lt?: unknown
  $lte?: unknown
  $gt?: unknown
  $gte?: unknown
  $eq?: unknown
  $ne?: unknown
  /** `true` for what JavaScript takes for false; a filter for what it does not let through. */
  $not?: unknown
  $truthy?: unknown
  $prefix?: string | readonly unknown[]
  $is?: 'string' | 'number' | 'boolean' | 'object' | 'array' | 'null' | 'undefined'
  $in?: string | readonly unknown[]
  $int?: unknown
  $mod?: number
  $get?: QueryPath
  $type?: unknown
  $filter?: QueryFilter
  $map?: unknown
}

/** What a value has to be: a scalar that it is, operators that hold, or for each of some names what is there. */
export type QueryFilter =
  | Scalar
  | FilterOperators
  | readonly QueryFilter[]
  | { readonly [name: string]: QueryFilter; readonly [operator: `$${string}`]: undefined }

/** A stage of map-filter-reduce. */
export type QueryStage =
  | { readonly $filter: QueryFilter }
  | { readonly $map: unknown }
  | { readonly $reduce: unknown }
  | { readonly $sort: readonly (QueryPath | { readonly $reverse: QueryPath })[] }

type Stages = readonly (QueryStage | null | undefined | false)[]

/** What `read` is to read. */
export interface QueryRead {
  /** Stages, or what a record has to be. */
  query?: Stages | QueryFilter
  /** At most this many answers; 0 or less is no limit. */
  limit?: number
  /** The other way around. */
  reverse?: boolean
  /** Go on with records to come. */
  live?: boolean
  /** `false` leaves out the records that are there already, and implies `live`. */
  old?: boolean
  /** `true` marks the end of the old records in a live stream by `{sync: true}`. */
  sync?: boolean
  /** Only records after this seq; the same for the other three. */
  gt?: number
  gte?: number
  lt?: number
  lte?: number
  /** `true` yields `{seq, value}`. Not behind `$reduce` and `$sort`. */
  seqs?: boolean
  /** What to wait for: every view's reads do so. */
  since?: number
}

/** An index that is built from the start. What it serves is answered in the order of its paths. */
export interface QueryIndex {
  key: string
  value: readonly QueryPath[]
  /** Taken for flumeview-query's sake; no record is ever lost to another with the same values. */
  exact?: boolean
}

export interface QueryOptions<T = any> {
  indexes?: readonly QueryIndex[]
  /** What is to be queried of a record in its place. */
  map?: ((value: T, seq: number) => unknown) | null
  /** Which records, as `map` makes them, are to be queried. */
  filter?: ((value: any) => unknown) | null
}

/** How a query is answered. */
export interface Explanation {
  /** Every record is read. */
  scan?: true
  /** The key of the declared index that serves it, which also gives the order. */
  index?: string
  /** Of the declared indexes that could serve it. */
  scores: { [key: string]: number }
  [more: string]: unknown
}

/** What `Query` mounts. */
export interface QueryView extends ModuleView {
  readonly methods: { readonly read: 'source'; readonly explain: 'sync'; readonly add: 'sync' }
  /**
   * The answers to a query. A live one goes on with those of records to come; behind `$reduce` and `$sort` it answers all
   * anew whenever that has changed.
   */
  read<R = any>(options: QueryRead & { seqs: true }): Source<Item<R>>
  read<R = any>(options?: QueryRead | Stages): Source<R>
  /**
   * How `read` would answer, without doing so. With a callback it waits until what the view has built is read; without one
   * it throws as long as that is not in memory, which it is once the view was read from or has seen a new record.
   */
  explain(options?: QueryRead | Stages): Explanation
  explain(options: QueryRead | Stages | undefined, cb: Callback<Explanation>): void
  /** One more index, until the database is closed. */
  add(index: QueryIndex): void
}

export type CreateQuery = (log: ViewLog<any>, name: string) => QueryView

const invalid = (message: string) => new FlumeError('INVALID_OPTION', message)

/** A query as JSON can hold it. Functions and the like would be lost, and the query would be another. */
export function plain(value: any, inside = ''): any {
  if (value === undefined) return inside ? { $is: 'undefined' } : undefined
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint' || value !== value)
    throw invalid(`a query cannot hold ${typeof value === 'number' ? 'NaN' : `a ${typeof value}`}${inside && ` at ${inside}`}`)
  if (value === Infinity) return Number.MAX_VALUE // JSON has no infinity
  if (value === -Infinity) return -Number.MAX_VALUE
  if (typeof value !== 'object' || value === null) return value
  if (isPlain(value) && (inside || !Array.isArray(value) || value.every(Boolean))) return value
  if (typeof value.toJSON === 'function') return plain(value.toJSON(), inside)
  if (Array.isArray(value)) return value.map((item, i) => (!inside && !item ? null : plain(item, `${inside}[${i}]`)))
  const proto = Object.getPrototypeOf(value)
  if (proto && Object.getPrototypeOf(proto)) throw invalid(`a query cannot hold a ${proto.constructor?.name}${inside && ` at ${inside}`}`)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item, inside ? `${inside}.${name}` : name)]))
}

/** Whether JSON has of a value no more and no less than it is, as of most queries. */
function isPlain(value: any): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return typeof value === 'string' || typeof value === 'boolean' || value === null
  if (Array.isArray(value)) return value.every(isPlain)
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const name in value) if (!isPlain(value[name])) return false
  return true
}

/** The options of a read: 0 is for others than the module, 2 is a number. */
const KNOWN: { [name: string]: number } = { __proto__: null!, query: 1, limit: 2, reverse: 1, live: 0, old: 0, sync: 0, gt: 2, gte: 2, lt: 2, lte: 2, seqs: 1, since: 0 }

/** What the module is asked, of what the user has asked. */
export function toRequest(options: any) {
  if (Array.isArray(options)) return { query: plain(options) }
  if (options != null && typeof options !== 'object') throw invalid(`read takes options, not ${String(options)}`)
  const request: Record<string, unknown> = {}
  for (const name of Object.keys(options ?? {})) {
    const value = options[name]
    const kind = KNOWN[name]
    if (kind == null) throw invalid(`unknown option "${name}" of a query's read, known are ${Object.keys(KNOWN).join(', ')}`)
    if (!kind || value == null) continue
    if (kind > 1 && (typeof value !== 'number' || value !== value)) throw invalid(`option "${name}" must be a number, not ${String(value)}`)
    request[name] = plain(value)
  }
  return request
}

/**
 * A view that answers queries of npm map-filter-reduce, as flumeview-query does, over the records as they are stored.
 * `indexes` are built from the start. For what they do not serve, the first query that asks of a field reads the log once,
 * and leaves an index of that field which is kept from then on.
 *
 *     Query(1, { indexes: [{ key: 'aty', value: [['value', 'author'], ['value', 'content', 'type'], 'timestamp'] }] })
 *
 * It needs a `Log` of this package.
 */
export function Query(version: number | string, options: QueryOptions = {}): CreateQuery {
  if (typeof version === 'function' || typeof version === 'object' || version === undefined) throw invalid('version must be a number')
  if (typeof options !== 'object' || !options) throw invalid('Query takes an object of options')
  for (const name of Object.keys(options)) if (!['indexes', 'map', 'filter', 'exact'].includes(name)) throw invalid(`Query has no option "${name}"`)
  const { map, filter } = options
  for (const fn of [map, filter]) if (fn != null && typeof fn !== 'function') throw invalid('map and filter must be functions')
  const toIndex = ({ key, value }: QueryIndex) => ({ key, value })
  if (options.indexes && !Array.isArray(options.indexes)) throw invalid('indexes must be an array')
  const indexes = options.indexes?.map(toIndex)
  const mapped =
    map || filter
      ? (value: any, seq: number) => {
          const made = map ? map(value, seq) : value
          return filter && !filter(made) ? null : made
        }
      : undefined

  return (log, name) => {
    const added: { key: string; value: readonly QueryPath[] }[] = []
    return createNativeView(
      log,
      { name, version, kind: 'query', options: { indexes }, map: mapped },
      { read: 'source', explain: 'sync', add: 'sync' },
      core => {
        const toArgs = (options: any) => {
          const request = toRequest(options)
          return added.length ? { ...request, indexes: added } : request
        }
        return {
          read: readQuery(core, toArgs),
          explain(options: any, cb?: Callback<any>) {
            let explained: any
            core.ask('explain', [toArgs(options)], true, (err, answer) => {
              explained = err ?? answer!.value
              if (cb) call(cb, err, answer?.value)
            })
            if (cb) return
            if (explained === undefined) throw new FlumeError('VIEW', `view '${name}' is at work: explain with a callback waits`, { view: name })
            if (explained instanceof Error) throw explained
            return explained
          },
          add(index: any) {
            const { key, value, index: paths } = index ?? {}
            if (typeof key !== 'string' || !Array.isArray(paths ?? value)) throw invalid('add takes {key, value: [path, …]}')
            const one = { key, value: paths ?? value }
            core.ask('explain', [{ indexes: [...added, one] }], true, err => {
              if (err instanceof FlumeError && err.code === 'INVALID_OPTION') throw err
            })
            added.push(one)
          }
        }
      }
    ) as any
  }
}

/** The method `read`. */
export const readQuery = (core: NativeCore, toArgs: (options: any) => unknown = toRequest) => (options: any) =>
  createSource<any>(() => queryReader(core, JSON.stringify(toArgs(options)), Array.isArray(options) ? {} : options, recordsAfter))

/** Of a request, what records after a seq answer, in the order in which they come. */
function recordsAfter(request: any, after: number, left: number | undefined) {
  const { reverse, gte, ...rest } = request
  return { ...rest, gt: Math.max(after, rest.gt ?? -1), ...(gte != null && { gte }), ...(left != null && { limit: left }) }
}
