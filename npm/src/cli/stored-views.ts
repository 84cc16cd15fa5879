// The views that are kept in a log's folder. They may be of any program: what is stored tells what they are.

import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { decodeCheckpoint } from '../checkpoint.js'
import type { Checkpoints } from '../types.js'

export interface StoredView {
  view: string
  /** Of those that run in the module; `javascript` is a `Reduce` of somebody's functions. */
  kind: string
  version: number | string
  /** The last record it has applied. */
  seq: number
  /** With all its parts. */
  bytes: number
  options?: unknown
  /** It sees what a function, a mapper or a codec of its program makes of the records. */
  mapped?: true
  /** The state that it is to replace. */
  old?: { version: number | string; seq: number }
  /** Why it cannot be read. The program that has it will build it anew. */
  damaged?: string
}

// As core/filestore/checkpoint.go has it: whether there is a body at 5, name's length at 8; behind the header name, value and
// body, each of the latter two with its sum.
const HEADER = 24
const SUM = 8

/** Begins the names of what is no view's; see core.OwnPrefix. */
const OWN = 'flumedb-wasm/'

/** All of them, by their names. */
export async function storedViews(dir: string, checkpoints: Checkpoints): Promise<StoredView[]> {
  const values = readdirSync(dir)
    .filter(file => file.startsWith('checkpoint-') && !file.endsWith('.tmp'))
    .flatMap(file => describe(join(dir, file)) ?? [])
  const views: StoredView[] = []
  const partsOf = new Map<string, number>()
  for (const { name, size } of values) {
    if (name.startsWith(OWN)) continue
    const [view, part] = name.split('\0')
    if (part === undefined) {
      const stored = await read(view, checkpoints)
      if (stored) views.push({ ...stored, bytes: size })
    } else partsOf.set(view, (partsOf.get(view) ?? 0) + size)
  }
  for (const stored of views) stored.bytes += partsOf.get(stored.view) ?? 0
  return views.sort((a, b) => (a.view < b.view ? -1 : 1))
}

/** A checkpoint's name and size. */
function describe(file: string): { name: string; size: number } | undefined {
  const read = (at: number, length: number) => {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, readSync(handle, bytes, 0, length, at))
  }
  const handle = openSync(file, 'r')
  try {
    const header = read(0, HEADER)
    if (header.length < HEADER || header.toString('latin1', 0, 4) !== 'FLMC') return
    const size = header.readUInt32LE(8)
    const name = read(HEADER, size).toString()
    return { name, size: statSync(file).size - HEADER - size - SUM - (header[5] ? SUM : 0) }
  } finally {
    closeSync(handle)
  }
}

async function read(view: string, checkpoints: Checkpoints): Promise<Omit<StoredView, 'bytes'> | undefined> {
  const unreadable = (damaged: string) => ({ view, kind: 'unknown', version: '', seq: -1, damaged })
  try {
    const bytes = await new Promise<Uint8Array | null | undefined>((resolve, reject) =>
      checkpoints.get(view, (err, bytes) => (err ? reject(err) : resolve(bytes)))
    )
    if (!bytes) return
    const [current, old] = manifest(bytes) ?? javascript(bytes) ?? []
    if (!current) return unreadable('it is of no form that this version knows')
    return { view, ...current, ...(old && { old: { version: old.version, seq: old.seq } }) }
  } catch (err) {
    return unreadable((err as Error).message)
  }
}

type State = Omit<StoredView, 'view' | 'bytes'>

function javascript(bytes: Uint8Array): State[] | undefined {
  const found = decodeCheckpoint(bytes)
  if (!found) return
  return [found, found.old].flatMap(one => (one ? { kind: 'javascript', version: JSON.parse(one.version), seq: one.seq } : []))
}

const MAGIC = 'FLMV'
const VERSION = 2
const MAPPED = 1 // of a state's flags

/** The states in a checkpoint as core/view/manifest.go has it, whose checksum that of the file covers. */
function manifest(bytes: Uint8Array): State[] | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (all.length < 40 || all.toString('latin1', 0, 4) !== MAGIC || all[4] !== VERSION) return
  const states: State[] = []
  const skipParts = (at: number) => at + 4 + 4 * all.readUInt32LE(at)
  let at = 32
  for (let past = all.readUInt32LE(28); past > 0; past--) at = skipParts(at + 24)
  while (at < all.length - 8) {
    const seq = Number(all.readBigInt64LE(at))
    const mapped = (all.readUInt32LE(at + 8) & MAPPED) !== 0
    at += 12
    const [kind, version, options] = Array.from({ length: 4 }, () => all.subarray(at + 4, (at += 4 + all.readUInt32LE(at)))).map(String)
    at = skipParts(at)
    states.push({ kind, version: JSON.parse(version), seq, ...(options && { options: JSON.parse(options) }), ...(mapped && { mapped }) })
  }
  return states
}
