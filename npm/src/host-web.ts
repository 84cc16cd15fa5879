// What the wrapper needs of a page or a worker.

import { INDEXED_DB } from './boundary.js'
import { type Host, type WasmSource } from './engine.js'
import { FlumeError } from './errors.js'

/** The kind of store that `Log(name)` opens here. */
export const defaultKind: number = INDEXED_DB

export const hasFiles: boolean = false

/** Fetches what is named by an address. The expression below is what bundlers look for, and must stay as it is. */
export async function loadModule(source?: WasmSource): Promise<Response | BufferSource | WebAssembly.Module> {
  source ??= new URL('./flumedb.wasm', import.meta.url)
  return typeof source === 'string' || source instanceof URL ? fetch(source) : source
}

/**
 * A page's bundler should put import where the page wants it, and service workers know no import(): so whoever needs it
 * says so. An import() here would moreover keep several bundlers from building workers at all.
 */
export function loadImport(): Promise<unknown> {
  throw new FlumeError('INVALID_OPTION', "db.import needs flumedb-wasm/import in pages and workers: add import 'flumedb-wasm/import', or await import('flumedb-wasm/import') before the first call")
}

export const openHost = (_memory: () => Uint8Array): Host => ({ imports: {}, release() {} })

export const filename = (_name: string): string | undefined => undefined

/** Deletes the log's database. Those who have it open let go of it. */
export function deleteLog(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve()
    request.onerror = () =>
      reject(new FlumeError('STORE', `deleting ${name}: ${request.error?.message}`, { cause: request.error }))
  })
}
