import { FlumeError } from './errors.js'
import { type NativeCore, createNativeView } from './native-view.js'
import { type RecordsOf, listSource, splitOptions } from './pages.js'
import { type Path } from './reduce-built-in.js'
import { type Source } from './source.js'
import { type Item, type ModuleView, type ViewLog } from './types.js'

export interface SearchOptions {
  /** Where the texts stand: all strings at a path, or at several, and below. By default all strings of a record. */
  fields?: string | true | readonly Path[]
  /** Makes the text of a record, or several, instead; null or undefined where it has none. Every record has to be decoded. */
  map?: (value: any, seq: number) => unknown
  /** Words of fewer characters are not found, except in phrases. Default 1. */
  minLength?: number
}

/** What to look for, and in what shape. */
export interface SearchQuery {
  /**
   * Words, which are all to be in a record: `word another`. `pre*` is any word that begins so, `"some words"` a phrase. Case
   * and accents make no difference.
   */
  query: string
  /** Every word may be the beginning of one, as if `*` followed. By default only in flumeview-search's form. */
  prefix?: boolean
  /** Which come first; `rank` is by BM25. Default `newest`. */
  order?: 'newest' | 'oldest' | 'rank'
  /** At most this many items; 0 or less is no limit. */
  limit?: number
  /** Go on with records to come. Not by rank. */
  live?: boolean
  /** `false` skips the records that are there already, and implies `live`. */
  old?: boolean
  /** Items are `{ seq, value }`, with `score` where they come by rank, instead of values. */
  seqs?: boolean
  /** `false` leaves the values out: without `seqs` items are bare seqs. */
  values?: boolean
  /** Items are as with `seqs`, and tell where the words stand. */
  highlights?: boolean
  /** Waits for that seq only; -1 for nothing. */
  since?: number
  /** Ends the stream with an error of code `ABORTED`. */
  signal?: AbortSignal
}

/** Where in one text of a record there are words that were looked for. */
export interface Highlight {
  /** The steps to the text; none where it is the whole record, or what `map` made of it. */
  path: (string | number)[]
  /** Begin and end of each place, as `text.slice(begin, end)` takes them. */
  ranges: [begin: number, end: number][]
}

/** A record that was found. */
export interface Found<T> extends Item<T> {
  score?: number
  highlights?: Highlight[]
}

/** What `Search` mounts: finds the records of type `T` by the words in them. */
export interface SearchView<T> extends ModuleView {
  readonly methods: { readonly query: 'source' }
  query(query: SearchQuery & { highlights: true; values: false }): Source<Omit<Found<T>, 'value'> & { highlights: Highlight[] }>
  query(query: SearchQuery & { highlights: true; values?: true }): Source<Found<T> & { highlights: Highlight[] }>
  query(query: SearchQuery & { seqs: true; values: false }): Source<Omit<Found<T>, 'value'>>
  query(query: SearchQuery & { seqs: true; values?: true }): Source<Found<T>>
  query(query: SearchQuery & { seqs?: false; highlights?: false; values: false }): Source<number>
  query(query: string | (SearchQuery & { seqs?: false; highlights?: false; values?: true })): Source<T>
}

export type CreateSearch = <T>(log: ViewLog<T>, name: string) => SearchView<T>

const KNOWN = ['query', 'prefix', 'order', 'limit', 'live', 'old', 'values', 'highlights']

/** A view that finds records by the words in their texts. Another `version`, or other options, build it anew. */
export function Search(version: number | string, options?: SearchOptions): CreateSearch
/** flumeview-search's form: words have at least `minLength` characters, 3 where it is null, and may be beginnings in queries. */
export function Search(version: number | string, minLength: number | null | undefined, map: (value: any, seq: number) => unknown): CreateSearch
export function Search(version: number | string, from?: any, itsMap?: any): CreateSearch {
  const { fields, minLength, map, ...rest }: SearchOptions = itsMap ? { minLength: from || 3, map: itsMap } : (from ?? {})
  for (const name of Object.keys(rest)) throw new FlumeError('INVALID_OPTION', `Search has no option "${name}", known are fields, map, minLength`)
  if (map !== undefined && (typeof map !== 'function' || fields !== undefined))
    throw new FlumeError('INVALID_OPTION', 'Search takes either fields, which are paths, or map, a function')
  return (log, name) =>
    createNativeView(log, { name, version, kind: 'search', options: { fields, minLength }, map }, searchMethods, core => searchOf(core, log, !!itsMap)) as any
}

export const searchMethods = { query: 'source' } as const

/** `prefix` is whether words are beginnings unless a query says otherwise. */
export const searchOf = (core: NativeCore, log: RecordsOf, prefix = false) => ({
  query(query: string | SearchQuery) {
    const options = { prefix, ...(typeof query === 'string' ? { query } : query) }
    const { seqs, values, highlights } = options
    const shape = (item: Found<any>) => (seqs || highlights ? item : values === false ? item.seq : item.value)
    return listSource(core, log, 'query', splitOptions('query', options, KNOWN), options, shape)
  }
})
