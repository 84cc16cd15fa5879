// What has been imported into a log, kept in the log's own store: for each source how far, and what was about to be
// appended. docs/import.md has the format and why it is enough.

import type { Checkpoints } from '../types.js'
import { FlumeError } from '#main'
import { type Form } from './formats.js'

/** Begins as names do whose values are not dropped when room runs out; see core.OwnPrefix. */
const NAME = 'flumedb-wasm/imports'
const VERSION = 1

/** More sources are not remembered: the one that was imported the longest time ago is forgotten first. */
const SOURCES = 1000

/** A source is known by so many of its first bytes, and told to be unchanged by so many before the place. */
export const HEAD = 1 << 16
export const TAIL = 4096

export interface Entry extends Form {
  codec?: string
  /** Through here in the source, its records are in the log. */
  position: number
  /** How many those are. */
  records: number
  /** Through here, they are about to be appended as one batch; where nothing is, `position`. */
  end: number
  /** How many those are. */
  count: number
  /** The log's newest seq when they were not yet appended: if they are, they stand behind it. */
  seq: number
  /** Of the first HEAD bytes of the source, or of those before `end`, if that is less. */
  head: string
  /** Of the last TAIL bytes before `end`. */
  tail: string
}

export class Ledger {
  #entries: Entry[] = []
  readonly #checkpoints: Checkpoints

  private constructor(checkpoints: Checkpoints) {
    this.#checkpoints = checkpoints
  }

  /** With `anew` a damaged ledger is given up; else it fails with `CORRUPT`. */
  static async load(checkpoints: Checkpoints, anew: boolean): Promise<Ledger> {
    const ledger = new Ledger(checkpoints)
    try {
      await ledger.#load()
    } catch (err) {
      if (!anew || (err as FlumeError).code !== 'CORRUPT') throw err
    }
    return ledger
  }

  async #load(): Promise<void> {
    const checkpoints = this.#checkpoints
    const bytes = await new Promise<Uint8Array | null | undefined>((resolve, reject) =>
      checkpoints.get(NAME, (err, bytes) => (err ? reject(err) : resolve(bytes)))
    )
    if (!bytes) return
    const { version, sources } = JSON.parse(new TextDecoder().decode(bytes))
    if (version !== VERSION) throw new FlumeError('VERSION', 'a newer build of flumedb-wasm has imported into this log')
    this.#entries = sources
  }

  /** The sources that begin as this one does, by its first bytes; the one that came furthest first. */
  find(start: Uint8Array): Entry[] {
    const sums = new Map<number, string>() // by the length, which of most is HEAD
    const begins = ({ end, head }: Entry) => {
      const length = Math.min(end, HEAD)
      if (length > start.length) return false
      if (!sums.has(length)) sums.set(length, sum(start.subarray(0, length)))
      return head === sums.get(length)
    }
    return this.#entries.filter(begins).sort((a, b) => b.end - a.end)
  }

  forget(entries: Entry[]): void {
    this.#entries = this.#entries.filter(entry => !entries.includes(entry))
  }

  /** Writes an entry, new or changed, and with it all others. */
  write(entry: Entry): Promise<void> {
    this.forget([entry])
    this.#entries.push(entry)
    const sources = (this.#entries = this.#entries.slice(-SOURCES))
    const bytes = new TextEncoder().encode(JSON.stringify({ version: VERSION, sources }))
    return new Promise((resolve, reject) => this.#checkpoints.put(NAME, bytes, err => (err ? reject(err) : resolve())))
  }
}

/** 64 bits by which bytes are recognised. It is to tell files apart, not to withstand a forger. */
export function sum(bytes: Uint8Array): string {
  let a = 0xdeadbeef ^ bytes.length
  let b = 0x41c6ce57 ^ bytes.length
  for (let i = 0; i < bytes.length; i++) {
    a = Math.imul(a ^ bytes[i], 0x9e3779b1)
    b = Math.imul(b ^ bytes[i], 0x5f356495)
    a ^= b >>> 15
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  return [a, b].map(n => (n >>> 0).toString(16).padStart(8, '0')).join('')
}
