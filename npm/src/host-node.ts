// What the wrapper needs of Node.

import * as fs from 'node:fs'
import { readFile, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FILE, type FileImports } from './boundary.js'
import type { Host, WasmSource, WorkerOption } from './engine.js'
import { FlumeError } from './errors.js'
import { lockFolder, type Lock } from './lock-node.js'
import type { LogStorage } from './storage.js'

/** The kind of store that `Log(name)` opens here. */
export const defaultKind: number = FILE

export const hasFiles: boolean = true

/** Where the module is, which has the views whether they are used or not: nobody has to fetch it. */
export const moduleUrl = (_views: boolean): URL => new URL('./flumedb-node.wasm', import.meta.url)

/** There is no page here that could be held up, and the option is refused. */
export const makeWorker = undefined as unknown as (option: WorkerOption) => Worker

/** Reads what is named by a path or a file: address, and fetches what is named by another. */
export async function loadModule(source: WasmSource): Promise<Response | BufferSource | WebAssembly.Module> {
  if (typeof source !== 'string' && !(source instanceof URL)) return source
  const address = String(source)
  if (/^(https?|data|blob):/.test(address)) return fetch(address)
  return readFile(address.startsWith('file:') ? fileURLToPath(address) : address)
}

/** Sync, in its own bundle. */
export const loadSync = (): Promise<unknown> => import('#sync')

/** Import, in its own bundle. */
export const loadImport = (): Promise<unknown> => import('#import')

/**
 * The name from which flumedb's views take the folder for their files: one of their own in the log's, so that none of them
 * can have the name of one of ours. It is there once it is named, since they do not make it.
 */
export function filename(dir: string): string {
  const views = join(dir, 'views')
  try {
    fs.mkdirSync(views, { recursive: true })
  } catch (cause) {
    throw new FlumeError('STORE', `a folder for views cannot be made: ${(cause as Error).message}`, { cause })
  }
  return join(views, 'log')
}

/** Deletes a log's folder, unless someone has it open. */
export async function deleteLog(dir: string): Promise<void> {
  if (!fs.existsSync(dir)) return
  const lock = lockFolder(dir)
  if (!lock) throw new FlumeError('LOCKED', `deleting ${dir}: the log is open`)
  try {
    await rm(dir, { recursive: true, force: true })
  } finally {
    lock.release()
  }
}

/** How many bytes a folder holds, with all that is in it, and how many that and the room left on its disk are. */
export async function storageOf(dir: string, _persist: boolean): Promise<LogStorage> {
  const [usage, { bavail, bsize }] = await Promise.all([sizeOf(dir), statfs(dir)])
  return { usage, quota: usage + bavail * bsize, persisted: true }
}

async function sizeOf(dir: string): Promise<number> {
  const sizes = (await readdir(dir, { withFileTypes: true })).map(entry => {
    const path = join(dir, entry.name)
    return entry.isDirectory() ? sizeOf(path) : stat(path).then(({ size }) => size, gone)
  })
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/** What was deleted or renamed meanwhile has no size. */
function gone(err: NodeJS.ErrnoException): number {
  if (err.code !== 'ENOENT') throw err
  return 0
}

// What a failure answers; the twin of jsbridge/nodefs.
const FAILED = -1
const CODES: Record<string, number> = { ENOENT: -2, ENOSPC: -3, EDQUOT: -3 }
const LOCKED = -4

/** The functions of the store of files; see jsbridge/nodefs/imports.go. All are synchronous. */
export function openHost(memory: () => Uint8Array): Host {
  const folders: { path: string; lock?: Lock }[] = []
  const files = new Set<number>()
  let lastError = ''

  const text = (at: number, size: number) => Buffer.from(memory().buffer, at, size).toString()
  const put = (from: Uint8Array, at: number, size: number) => memory().set(from.subarray(0, size), at)
  const path = (dir: number, at: number, size: number) => join(folders[dir].path, text(at, size))
  /** Runs a call; what it throws becomes the number for it. */
  const answer = (run: () => number | void): number => {
    try {
      return run() ?? 0
    } catch (err) {
      lastError = String((err as Error).message)
      return CODES[(err as NodeJS.ErrnoException).code!] ?? FAILED
    }
  }
  const imports: FileImports = {
    folder: (at, size) => folders.push({ path: resolve(text(at, size)) }) - 1,
    lock: dir =>
      answer(() => {
        fs.mkdirSync(folders[dir].path, { recursive: true })
        const lock = lockFolder(folders[dir].path)
        if (!lock) {
          lastError = 'the log is open elsewhere'
          return LOCKED
        }
        folders[dir].lock = lock
      }),
    unlock: dir => answer(() => folders[dir].lock?.release()),
    list: (dir, at, size) =>
      answer(() => {
        const names = Buffer.from(fs.readdirSync(folders[dir].path).join('\n'))
        if (names.length <= size) put(names, at, size)
        return names.length
      }),
    open: (dir, at, size, create) =>
      answer(() => {
        const fd = fs.openSync(path(dir, at, size), create ? 'w+' : 'r+')
        files.add(fd)
        return fd
      }),
    rename: (dir, from, fromSize, to, toSize) => answer(() => fs.renameSync(path(dir, from, fromSize), path(dir, to, toSize))),
    remove: (dir, at, size) => answer(() => fs.unlinkSync(path(dir, at, size))),
    syncFolder: dir =>
      answer(() => {
        if (process.platform === 'win32') return // where folders cannot be synced, nor need be
        const fd = fs.openSync(folders[dir].path, 'r')
        try {
          fs.fsyncSync(fd)
        } finally {
          fs.closeSync(fd)
        }
      }),
    read: (fd, at, size, position) => answer(() => fs.readSync(fd, memory(), at, size, position)),
    write: (fd, at, size, position) => answer(() => fs.writeSync(fd, memory(), at, size, position)),
    size: fd => answer(() => fs.fstatSync(fd).size),
    truncate: (fd, size) => answer(() => fs.ftruncateSync(fd, size)),
    sync: fd => answer(() => fs.fdatasyncSync(fd)),
    close: fd =>
      answer(() => {
        files.delete(fd)
        fs.closeSync(fd)
      }),
    message: (at, size) => {
      const bytes = Buffer.from(lastError)
      put(bytes, at, size)
      return bytes.length
    }
  }
  return {
    imports: { files: imports },
    release() {
      for (const fd of files) answer(() => fs.closeSync(fd))
      for (const { lock } of folders) answer(() => lock?.release())
    }
  }
}
