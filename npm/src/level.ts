import { type Callback } from './callback.js'
import { FlumeError } from './errors.js'
import { keyMethod } from './key.js'
import { type NativeCore, createNativeView } from './native-view.js'
import { type RecordsOf, listSource } from './pages.js'
import { type Path, type Where } from './reduce-built-in.js'
import { type Source } from './source.js'
import { type ModuleView, type ViewLog } from './types.js'

/**
 * A key, ordered as npm's charwise does: null, false, true, numbers, strings, arrays, undefined. Objects come behind.
 * `undefined` is for bounds: `{ gt: ['a'], lt: ['a', undefined] }` are the keys that begin with `'a'`.
 */
export type Key = null | undefined | boolean | number | string | readonly Key[] | { readonly [name: string]: unknown }

/** An item of a key: the value at a path, each element of an array at one, or a value that is always the same. */
export type LevelPart = Path | { readonly each: Path } | { readonly value: Key }

/** A key of a record: an array of items, or with a bare path the value there. Records that lack one of the values have none. */
export type LevelKey = string | { readonly each: Path } | readonly LevelPart[]

export interface LevelOptions {
  /** A record may have any number of keys. */
  keys: readonly LevelKey[]
  /** Only the records that meet this. */
  where?: Where
}

/** Makes the keys of a record. For it every record has to be decoded. */
export type MakeKeys<T> = (value: T, seq: number) => readonly Key[] | null | undefined

export interface LevelItem<T> {
  key: any
  seq: number
  value: T
}

/** What part of the index to read, and in what shape; what is left alone has no object around it. */
export interface LevelRead {
  gt?: Key
  gte?: Key
  lt?: Key
  lte?: Key
  /** From the greatest key down. */
  reverse?: boolean
  /** At most this many items; 0 or less is no limit. */
  limit?: number
  /** Go on with the keys of records to come, in the order of these. */
  live?: boolean
  /** `false` skips what is there already, and implies `live`. */
  old?: boolean
  /** `false` leaves out the `{ sync: true }` that stands between what was there and what comes. */
  sync?: boolean
  keys?: boolean
  seqs?: boolean
  values?: boolean
  /** Waits for that seq only; -1 for nothing. */
  since?: number
  /** Ends the stream with an error of code `ABORTED`. */
  signal?: AbortSignal
}

/** What is read once, and not live. */
type Once = LevelRead & { live?: false; old?: true }

/** What `Level` mounts: an ordered index of the records of type `T`. */
export interface LevelView<T> extends ModuleView {
  readonly methods: { readonly get: 'async'; readonly read: 'source' }
  /** The newest record with this key; a callback is given its seq too. Fails with `NOT_FOUND` where there is none. */
  get(key: Key, cb: (err: Error | null, value: T, seq: number) => void): void
  get(key: Key, options: { since?: number } | undefined, cb: (err: Error | null, value: T, seq: number) => void): void
  get(key: Key, options?: { since?: number }): Promise<T>
  /** Keys in order, with their records. Of equal keys there is the newest record. */
  read(options: Once & { keys: false; seqs: false; values?: true }): Source<T>
  read(options: Once & { keys: false; values: false; seqs?: true }): Source<number>
  read(options: Once & { seqs: false; values: false; keys?: true }): Source<any>
  read(options: Once & { values: false; keys?: true; seqs?: true }): Source<Omit<LevelItem<T>, 'value'>>
  read(options?: Once & { keys?: true; seqs?: true; values?: true }): Source<LevelItem<T>>
  read(options: LevelRead): Source<any>
}

export type CreateLevel = <T>(log: ViewLog<T>, name: string) => LevelView<T>

/** The options of a read: 0 is for others than the module, 2 is one that who fetches records sets itself, 3 a key. */
const KNOWN: { [name: string]: number } = {
  __proto__: null!, gt: 3, gte: 3, lt: 3, lte: 3, reverse: 1, limit: 1, live: 1, old: 1, sync: 1, keys: 2, seqs: 2, values: 2, since: 0, signal: 0,
}

/** A key as the module reads it: JSON, but for undefined and what is infinite. */
function keyText(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key)
  if (key === undefined) return 'undefined'
  if (Array.isArray(key)) return `[${key.map(keyText)}]`
  if (key === Infinity || key === -Infinity) return key > 0 ? '1e999' : '-1e999'
  const text = key === key ? JSON.stringify(key) : undefined
  if (text === undefined) throw new FlumeError('INVALID_OPTION', `${String(key)} cannot be a key`)
  return text
}

/** Options as the module reads them: in one string, since with lists of them a small read took longer to ask for than to answer. */
function optionsText(options: Record<string, any>, fetching: boolean): string {
  let text = fetching ? ',"values":false' : ''
  for (const name of Object.keys(options)) {
    const value = options[name]
    const kind = KNOWN[name]
    if (kind == null) throw new FlumeError('INVALID_OPTION', `read has no option "${name}", known are ${Object.keys(KNOWN).join(', ')}`)
    if (kind === 3) text += `,"${name}":${keyText(value)}`
    else if (kind && value != null && !(fetching && kind > 1)) text += `,"${name}":${JSON.stringify(value)}`
  }
  return `{${text.slice(1)}}`
}

/** The method `get` of a view whose index has keys: the newest record with one. */
export const getByKey = (core: NativeCore, log: RecordsOf) =>
  keyMethod<{ since?: number }>((key, options, cb) => {
    core.ask('get', `[${keyText(key)},${!core.mapped}]`, options?.since! < 0, (err, answer) => {
      if (err) return cb((err as FlumeError).code === 'NOT_FOUND' ? Object.assign(err, { notFound: true }) : err)
      const { value, seq } = answer!.value
      if (!core.mapped) return cb(null, value, seq)
      log.get(seq, ((err, value) => (err ? cb(err) : cb(null, value, seq))) as Callback<any>)
    })
  }, keyText)

/** What an item is given out as, where JavaScript has to put it together. */
const shape =
  ({ keys = true, seqs = true }: LevelRead) =>
  (item: any) => {
    if (item.sync) return item
    const { key, seq, value } = item
    return keys || seqs ? { ...(keys && { key }), ...(seqs && { seq }), value } : value
  }

/**
 * A view that orders records by keys: any number of keys a record, of values at paths or made by a function.
 *
 *     Level(1, 'timestamp')                               // the value there is the key
 *     Level(1, ['author', 'timestamp'])                   // [author, timestamp]
 *     Level(1, { keys: [['author', 'timestamp'], [{ value: 'tag' }, { each: 'tags' }]] })
 *     Level(1, msg => [[msg.author, msg.timestamp]])
 *
 * Of equal keys the newest record counts. The index is kept beside the log in parts, of which few are in memory, so it may
 * be larger than that. Another `version` or other paths build it anew.
 */
export function Level(version: number | string, keys: LevelKey | LevelOptions): CreateLevel
export function Level<T>(version: number | string, map: MakeKeys<T>): <U extends T>(log: ViewLog<U>, name: string) => LevelView<U>
export function Level(version: number | string, from: any): any {
  const map: MakeKeys<any> | undefined = typeof from === 'function' ? from : undefined
  if (from == null || (typeof from === 'object' && !Array.isArray(from) && !from.keys && !from.each))
    throw new FlumeError('INVALID_OPTION', 'Level needs keys: a path, paths, { keys }, or a function that makes them')
  const spec = {
    kind: 'level',
    options: map ? { mapped: true } : from,
    map: map && ((value: any, seq: number) => map(value, seq) ?? []),
    encode: map && keyText
  }
  return (log: ViewLog<any>, name: string) => createNativeView(log, { name, version, ...spec }, levelMethods, core => levelOf(core, log)) as any
}

export const levelMethods = { get: 'async', read: 'source' } as const

export const levelOf = (core: NativeCore, log: RecordsOf) => ({
  get: getByKey(core, log),
  read(options: LevelRead = {}) {
    const values = options.values !== false || (options.keys === false && options.seqs === false)
    const fetching = values && core.mapped
    return listSource(core, log, 'read', optionsText(options, fetching), { values, since: options.since!, signal: options.signal! }, fetching ? shape(options) : undefined)
  }
})
