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

// As core/filestore/checkpoint.go has it: name's length at 8, and behind the header name and value.
const HEADER = 20
const AROUND = HEADER + 8

/** All of them, by their names. */
export async function storedViews(dir: string, checkpoints: Checkpoints): Promise<StoredView[]> {
  const values = readdirSync(dir)
    .filter(file => file.startsWith('checkpoint-') && !file.endsWith('.tmp'))
    .flatMap(file => describe(join(dir, file)) ?? [])
  const views: StoredView[] = []
  const partsOf = new Map<string, number>()
  for (const { name, size, isView } of values) {
    if (isView) {
      const stored = await read(name, checkpoints)
      if (stored) views.push({ ...stored, bytes: size })
    } else {
      const [, of] = /^(.*)\/\d+$/s.exec(name) ?? []
      if (of !== undefined) partsOf.set(of, (partsOf.get(of) ?? 0) + size)
    }
  }
  for (const stored of views) stored.bytes += partsOf.get(stored.view) ?? 0
  return views.sort((a, b) => (a.view < b.view ? -1 : 1))
}

/** A checkpoint's name and size, and whether it is that of a view or a part of one. */
function describe(file: string): { name: string; size: number; isView: boolean } | undefined {
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
    const magic = read(HEADER + size, 4)
    return { name, size: statSync(file).size - AROUND - size, isView: magic.toString('latin1') === MAGIC || !/\/\d+$/.test(name) }
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
const VERSION = 1
const MAPPED = 1

/** The states in a checkpoint as core/view/manifest.go has it, whose checksum that of the file covers. */
function manifest(bytes: Uint8Array): State[] | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (all.length < 32 || all.toString('latin1', 0, 4) !== MAGIC || all[4] !== VERSION) return
  const mapped = (all[5] & MAPPED) !== 0
  const states: State[] = []
  for (let at = 24; at < all.length - 8; ) {
    const seq = Number(all.readBigInt64LE(at))
    at += 8
    const [kind, version, options] = Array.from({ length: 4 }, () => all.subarray(at + 4, (at += 4 + all.readUInt32LE(at)))).map(String)
    at += 4 + 4 * all.readUInt32LE(at) // its parts
    states.push({ kind, version: JSON.parse(version), seq, ...(options && { options: JSON.parse(options) }), ...(mapped && { mapped }) })
  }
  return states
}
