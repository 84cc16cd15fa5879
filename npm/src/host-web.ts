// What the wrapper needs of a page or a worker.

import { INDEXED_DB } from './boundary.js'
import { type Host, type WasmSource } from './engine.js'
import { FlumeError } from './errors.js'

/** The kind of store that `Log(name)` opens here. */
export const defaultKind: number = INDEXED_DB

export const hasFiles: boolean = false

/**
 * Where the module is that has the views, and the smaller one that has none. These expressions are what bundlers look for,
 * and must stay as they are.
 */
export const moduleUrl = (views: boolean): URL =>
  views ? new URL('./flumedb-views.wasm', import.meta.url) : new URL('./flumedb.wasm', import.meta.url)

/** Fetches what is named by an address. */
export async function loadModule(source: WasmSource): Promise<Response | BufferSource | WebAssembly.Module> {
  return typeof source === 'string' || source instanceof URL ? fetch(source) : source
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
