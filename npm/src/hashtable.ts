import { type Callback } from './callback.js'
import { FlumeError } from './errors.js'
import { type KeyPaths, type MakeKey, checkKey, keyMethod, keySpec } from './key.js'
import { type NativeCore, createNativeView } from './native-view.js'
import { type ListOptions, type RecordsOf, listSource, shapeOf, splitOptions } from './pages.js'
import { type Source } from './source.js'
import { type Item, type ModuleView, type ViewLog } from './types.js'

export interface HashtableOptions {
  /**
   * Where the key stands; or a function that makes it of a record, for which every record has to be decoded. Records without
   * a key (where a path leads to nothing, or for which the function returns null or undefined) are not in the table.
   */
  key: KeyPaths | MakeKey
}

/** What `Hashtable` mounts: finds the records of type `T` by their keys. */
export interface HashtableView<T> extends ModuleView {
  readonly methods: { readonly get: 'async'; readonly read: 'source' }
  /**
   * The newest record with this key; a callback is given its seq too. Fails with `NOT_FOUND` where there is none. Keys are
   * the same when their JSON is, whatever the order of an object's members.
   */
  get(key: unknown, cb: HashtableCallback<T>): void
  get(key: unknown, options: { since?: number } | undefined, cb: HashtableCallback<T>): void
  get(key: unknown, options?: { since?: number }): Promise<T>
  /** All records with a key, oldest first, or with `reverse` newest first. */
  read(options: HashtableRead & { seqs: false; values?: true }): Source<T>
  read(options: HashtableRead & { values: false }): Source<number>
  read(options: HashtableRead & { seqs?: true; values?: true }): Source<Item<T>>
}

export type HashtableCallback<T> = (err: Error | null, value: T, seq: number) => void

export type HashtableRead = ListOptions & { key: unknown }

export type CreateHashtable = <T>(log: ViewLog<T>, name: string) => HashtableView<T>

const KNOWN = ['key', 'reverse', 'live', 'old', 'limit', 'values']

/**
 * A view that finds records by an exact key: any JSON value, at a path or made by a function. It keeps about 20 bytes of
 * memory for each record, whatever the size of its key. Another `version` builds it anew.
 */
export function Hashtable(version: number | string, key: KeyPaths | HashtableOptions): CreateHashtable
/**
 * flumeview-hashtable's form. Its `hash` is not needed and not called. By default the key is the record's `key`.
 */
export function Hashtable(version: number | string, hash: (key: any) => number, getKey?: MakeKey | null, minSlots?: number): CreateHashtable
export function Hashtable(version: number | string, from: any, getKey?: any): CreateHashtable {
  const isOptions = from !== null && typeof from === 'object' && !Array.isArray(from)
  const { key, map } = keySpec('Hashtable', typeof from === 'function' ? (getKey ?? 'key') : isOptions ? from.key : from)

  return (log, name) =>
    createNativeView(log, { name, version, kind: 'hashtable', options: { key }, map }, hashtableMethods, core => hashtableOf(core, log)) as any
}

export const hashtableMethods = { get: 'async', read: 'source' } as const

export const hashtableOf = (core: NativeCore, log: RecordsOf) => ({
  get: keyMethod<{ since?: number }>((key, options, cb) =>
    core.ask('get', [key, { values: !core.mapped }], options?.since! < 0, (err, answer) => {
      if (err) return cb(err)
      const found: Item<any> | null = answer!.value
      if (!found)
        return cb(Object.assign(new FlumeError('NOT_FOUND', `no record has the key ${JSON.stringify(key)}`, { view: core.name }), { notFound: true }))
      if (!core.mapped) return cb(null, found.value, found.seq)
      log.get(found.seq, ((err, value) => (err ? cb(err) : cb(null, value, found.seq))) as Callback<any>)
    })
  ),
  read(options: HashtableRead) {
    checkKey(options?.key)
    return listSource(core, log, 'read', splitOptions('read', options, KNOWN), options, shapeOf(options))
  }
})
