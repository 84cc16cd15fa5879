// Where the records of a source go: a batch at a time, as one append.

import type { ImportTarget } from '../importer.js'
import { Batch } from './batch.js'

export interface Sink {
  readonly count: number
  readonly full: boolean
  /** Adds a record whose value is a JSON text. */
  addJson(bytes: Uint8Array, from: number, to: number): void
  addValue(value: unknown): void
  /** Ends the batch: what was added is then as the log will hold it. */
  finish(): void
  /** Appends the batch, begins the next, and answers the newest seq once the records are durable. */
  append(): Promise<number>
}

/** Into a log of ours: as the bytes that it would make of the values, and without making values where they are JSON. */
export class BytesSink implements Sink {
  readonly batch = new Batch()
  readonly #log: NonNullable<ImportTarget['bytes']>

  constructor(log: NonNullable<ImportTarget['bytes']>) {
    this.#log = log
  }

  get count(): number {
    return this.batch.count
  }

  get full(): boolean {
    return this.batch.full
  }

  addJson(bytes: Uint8Array, from: number, to: number): void {
    if (this.#log.form === 'json') this.batch.add(bytes, from, to)
    else this.addValue(parse(bytes, from, to))
  }

  addValue(value: unknown): void {
    const encoded = this.#log.codec.encode(value)
    if (typeof encoded === 'string') this.batch.addText(encoded)
    else this.batch.add(encoded, 0, encoded.length)
  }

  finish(): void {
    if (this.#log.form === 'json') this.batch.tidy()
  }

  append(): Promise<number> {
    const answer = this.#log.append(this.batch.run, this.batch.lengths)
    this.batch.clear()
    return answer
  }
}

/** Into any other log, as values. */
export class ValuesSink implements Sink {
  #values: unknown[] = []
  #size = 0
  readonly #log: ImportTarget['log']

  constructor(log: ImportTarget['log']) {
    this.#log = log
  }

  get count(): number {
    return this.#values.length
  }

  get full(): boolean {
    return this.#size >= 1 << 20 || this.count >= 1 << 12
  }

  addJson(bytes: Uint8Array, from: number, to: number): void {
    this.#size += to - from
    this.addValue(parse(bytes, from, to))
  }

  addValue(value: unknown): void {
    this.#values.push(value)
  }

  finish(): void {}

  append(): Promise<number> {
    const values = this.#values
    this.#values = []
    this.#size = 0
    return new Promise((resolve, reject) => this.#log.append(values, (err, seq) => (err ? reject(err) : resolve(seq))))
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const parse = (bytes: Uint8Array, from: number, to: number): unknown => JSON.parse(utf8.decode(bytes.subarray(from, to)))
