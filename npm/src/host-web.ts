// What the wrapper needs of a page or a worker.

import { INDEXED_DB } from './boundary.js'
import type { Host, WasmSource, WorkerOption } from './engine.js'
import { FlumeError } from './errors.js'
import type { LogStorage } from './storage.js'

/** The kind of store that `Log(name)` opens here. */
export const defaultKind: number = INDEXED_DB

export const hasFiles: boolean = false

/**
 * Where the module is that has the views, and the smaller one that has none. These expressions are what bundlers look for,
 * and must stay as they are.
 */
export const moduleUrl = (views: boolean): URL =>
  views ? new URL('./flumedb-views.wasm', import.meta.url) : new URL('./flumedb.wasm', import.meta.url)

/** A worker that runs a module. What bundlers look for must stay as it is here, too. */
export const makeWorker = (option: WorkerOption): Worker =>
  option === true ? new Worker(new URL('./flumedb-worker.mjs', import.meta.url), { type: 'module' }) : new Worker(option as string | URL, { type: 'module' })

/** Fetches what is named by an address. */
export async function loadModule(source: WasmSource): Promise<Response | BufferSource | WebAssembly.Module> {
  return typeof source === 'string' || source instanceof URL ? fetch(source) : source
}

/**
 * A page's bundler should put import where the page wants it, and service workers know no import(): so whoever needs it
 * says so. An import() here would moreover keep several bundlers from building workers at all.
 */
export function loadImport(): Promise<unknown> {
  throw new FlumeError(
    'INVALID_OPTION',
    "in pages and workers db.import needs this: import 'flumedb-wasm/import', or await import('flumedb-wasm/import') before it"
  )
}

/** As of import. */
export function loadSync(): Promise<unknown> {
  throw new FlumeError('INVALID_OPTION', "in pages and workers db.sync needs this: import 'flumedb-wasm/sync'")
}

/** Users' own modules may be for Node too, whose files they do not find here. */
const noFiles = new Proxy({}, { get: () => () => -1 })

export const openHost = (_memory: () => Uint8Array): Host => ({ imports: { files: noFiles }, release() {} })

/**
 * The name from which flumedb's views take the folder of their files. Here it only begins the names of the databases in
 * which browser builds of them keep their state: `NAME/views` for flumeview-reduce, `level-js-NAME/views/VIEW` for
 * flumeview-level and what stands on it.
 */
export const filename = (name: string): string => `${name}/views/log`

/** Deletes the log's database. Those who have it open let go of it. */
export async function deleteLog(name: string): Promise<void> {
  try {
    // First, so that no view of a log that is gone is left to be taken for one of its successor's.
    for (const { name: theirs = '' } of (await indexedDB.databases?.().catch(() => undefined)) ?? [])
      if (theirs === `${name}/views` || theirs.startsWith(`level-js-${name}/views/`)) await empty(theirs)
    const deleting = indexedDB.deleteDatabase(name)
    deleting.onblocked = () => console.warn(`flumedb-wasm, log ${name}: deleting it waits for a page or worker that has its database open and keeps it so`)
    await settled(deleting)
  } catch (cause) {
    throw new FlumeError('STORE', `deleting ${name}: ${(cause as Error)?.message}`, { cause })
  }
}

/** Deletes all in a database but not itself, which would wait for whoever has it open, and some views never close theirs. */
async function empty(name: string): Promise<void> {
  const db = await settled(indexedDB.open(name))
  try {
    const stores = [...db.objectStoreNames]
    const cleared = stores.length ? db.transaction(stores, 'readwrite') : undefined
    await Promise.all(stores.map(store => settled(cleared!.objectStore(store).clear())))
  } finally {
    db.close()
  }
}

/**
 * What the browser says of the storage of this origin, all of it, and asks for it to be kept if that is wanted. A browser
 * may say nothing of it, and only pages can ask.
 */
export async function storageOf(_name: string, persist: boolean): Promise<LogStorage> {
  const { storage } = navigator
  const [estimate, persisted] = await Promise.all([
    storage?.estimate?.(),
    (persist && (await storage?.persist?.())) || storage?.persisted?.()
  ])
  return { usage: estimate?.usage, quota: estimate?.quota, persisted }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
