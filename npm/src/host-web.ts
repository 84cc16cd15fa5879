// What the wrapper needs of a page or a worker.

import { type FileImports, INDEXED_DB } from './boundary.js'
import { type WasmSource } from './engine.js'

/** The kind of store that `Log(name)` opens here. */
export const defaultKind: number = INDEXED_DB

export const hasFiles: boolean = false

/** Fetches what is named by an address. The expression below is what bundlers look for, and must stay as it is. */
export async function loadModule(source?: WasmSource): Promise<Response | BufferSource | WebAssembly.Module> {
  source ??= new URL('./flumedb.wasm', import.meta.url)
  return typeof source === 'string' || source instanceof URL ? fetch(source) : source
}

/** There are no files here: no log asks for them, and if one did, it would hear so. */
export function fileImports(_memory: () => Uint8Array): FileImports {
  return new Proxy({}, { get: () => () => -1 })
}

export const filename = (name: string): string | undefined => void name

export async function deleteFiles(_dir: string): Promise<void> {}
