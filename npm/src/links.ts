import { FlumeError } from './errors.js'
import { type Key, getByKey } from './level.js'
import { type NativeCore, createNativeView } from './native-view.js'
import { type RecordsOf } from './pages.js'
import { queryReader } from './query-reader.js'
import { type QueryPath, type QueryRead, plain } from './query.js'
import { type Path, type Where } from './reduce-built-in.js'
import { type Source, bySignal, createSource } from './source.js'
import { type ModuleView, type ViewLog } from './types.js'

/** An order of the links: by the values at these paths of them. Those that lack one are not in it. */
export interface LinksIndex {
  key: string
  value: readonly QueryPath[]
}

/** What a name of a link has: the value at a path of the record, of each element of an array there, or always the same. */
export type LinkPart = Path | { readonly each: Path; readonly at?: Path } | { readonly value: unknown }

/** How a link is made of a record: what each of its names has. With `each` there is one for every element of that array. */
export interface LinkSpec {
  readonly [name: string]: LinkPart
}

/** Makes the links of a record: objects, as JSON can hold them. For it every record has to be decoded. */
export type EmitLinks<T> = (value: T, emit: (link: any) => void, seq: number) => void

export interface LinksOptions<T = any> {
  indexes: readonly LinksIndex[]
  /** Without it the record itself is the link. */
  links?: LinkSpec | readonly LinkSpec[] | EmitLinks<T> | null
  /** Only the records that meet this. Not with a function. */
  where?: Where
}

/** What `read` is to read. */
export interface LinksRead {
  /** Stages of map-filter-reduce, or what a link has to be. */
  query?: QueryRead['query']
  /** At most this many answers; 0 or less is no limit. */
  limit?: number
  reverse?: boolean
  /** Go on with the links of records to come, in the order of these. */
  live?: boolean
  /** `false` leaves out what is there already, and implies `live`. */
  old?: boolean
  /** Whether `{ sync: true }` stands between what was there and what comes; by default where `query` is not stages. */
  sync?: boolean
  /** Answers the record, and the link's values on it. */
  unlinkedValues?: boolean
  /** Waits for that seq only; -1 for nothing. */
  since?: number
  /** Ends the stream with an error of code `ABORTED`. */
  signal?: AbortSignal
}

/** What `Links` mounts. */
export interface LinksView extends ModuleView {
  readonly methods: { readonly get: 'async'; readonly read: 'source'; readonly explain: 'async' }
  /**
   * The links that a query finds, in the order of the index that serves it best: of the one whose paths a last `$sort` names,
   * or of that whose first paths the filter says most of. Without one, in the order of the log.
   */
  read<R = any>(options?: LinksRead): Source<R>
  /** The index that `read` would ask; undefined where it would read the log. */
  explain(options: LinksRead | undefined, cb: (err: Error | null, explained: { index?: LinksIndex }) => void): void
  explain(options?: LinksRead): Promise<{ index?: LinksIndex }>
  /** The record of an entry of the index: `[key of the index, …values, seq]`. */
  get(key: Key, cb: (err: Error | null, value: any, seq: number) => void): void
  get(key: Key, options?: { since?: number }): Promise<any>
}

export type CreateLinks = (log: ViewLog<any>, name: string) => LinksView

const KNOWN = ['query', 'limit', 'reverse', 'live', 'old', 'sync', 'unlinkedValues', 'since', 'signal']
const invalid = (message: string) => new FlumeError('INVALID_OPTION', message)

/** What the module is asked, of what the user has asked. */
function toRequest(options: Record<string, any>): Record<string, unknown> {
  const request: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    if (!KNOWN.includes(name)) throw invalid(`unknown option "${name}" of a read of links, known are ${KNOWN.join(', ')}`)
    if (value == null || ['live', 'old', 'sync', 'since', 'signal'].includes(name)) continue
    request[name] = name === 'query' ? plain(value) : value
  }
  return request
}

/** Of a request, what the records after a seq answer. */
const recordsAfter = (request: any, after: number, left: number | undefined) => ({ ...request, after, ...(left != null && { limit: left }) })

/**
 * A view of links: each record is mapped to any number of them, and they are found by several orders of their values.
 *
 *     Links(1, {
 *       indexes: [{ key: 'SD', value: ['source', 'dest'] }, { key: 'DS', value: ['dest', 'source'] }],
 *       links: { source: 'author', dest: { each: 'content.mentions', at: 'link' } }
 *     })
 *     Links([{ key: 'SD', value: ['source', 'dest'] }], (msg, emit) => emit({ source: msg.author, dest: msg.to }))
 *
 * The second form is that of flumeview-links. Another `version`, other indexes or links build it anew.
 */
export function Links<T>(indexes: readonly LinksIndex[], emitLinks?: ((value: T, emit: (link: any) => void) => void) | null, version?: number | string): CreateLinks
export function Links<T = any>(version: number | string, options: LinksOptions<T>): CreateLinks
export function Links(first: any, second?: any, third: number | string = 2): CreateLinks {
  const [version, options]: [number | string, LinksOptions] = Array.isArray(first) ? [third, { indexes: first, links: second }] : [first, second]
  if (version == null || typeof version === 'object' || typeof options !== 'object' || !options)
    throw invalid('Links takes indexes and a function, or a version and { indexes, links }')
  const { links, where, ...others } = options
  if (!Array.isArray(others.indexes) || !others.indexes.length) throw invalid('Links needs indexes: [{ key, value: [path, …] }, …]')
  const indexes: LinksIndex[] = others.indexes.map(({ key, value }: LinksIndex) => ({ key, value }))
  const emitLinks: EmitLinks<any> | undefined = typeof links === 'function' ? (links as EmitLinks<any>) : undefined
  if (emitLinks && where) throw invalid('with a function there is no where: let it emit nothing')
  const map =
    emitLinks &&
    ((value: unknown, seq: number) => {
      const all: unknown[] = []
      emitLinks(value, link => void all.push(link), seq)
      return all.length ? { links: all, value } : null
    })
  const asked = { ...others, indexes, ...(map ? { mapped: true } : { links: links ?? undefined, where }) }

  return (log, name) =>
    createNativeView(log, { name, version, kind: 'links', options: asked, map }, linksMethods, core => linksOf(core, log, indexes)) as any
}

export const linksMethods = { get: 'async', read: 'source', explain: 'async' } as const

export const linksOf = (core: NativeCore, log: RecordsOf, indexes: readonly LinksIndex[]) => ({
  get: getByKey(core, log),
  read(options: LinksRead = {}) {
    const request = JSON.stringify(toRequest(options))
    const { sync = !Array.isArray(options.query) } = options
    return createSource(() => queryReader(core, request, { ...options, sync }, recordsAfter), options.signal && bySignal(options.signal))
  },
  explain(options: LinksRead | null | undefined, cb: (err: Error | null, explained?: { index?: LinksIndex }) => void) {
    let request
    try {
      request = toRequest(options ?? {})
    } catch (err) {
      return cb(err as Error)
    }
    core.ask('explain', [request], options?.since! < 0, (err, answer) => {
      const index = answer && indexes.find(({ key }) => key === answer.value.index)
      cb(err, err ? undefined : index ? { index } : {})
    })
  }
})
