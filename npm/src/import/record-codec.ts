// How the records of a log file are encoded, which the file itself does not say.

import type { ImportOptions } from '../importer.js'
import { BipfToJson } from './bipf.js'
import { scanValue, skipSpace } from './json-scan.js'
import { type Sink } from './sink.js'

export type SourceCodec = NonNullable<ImportOptions['codec']>

export class RecordCodec {
  /** Must be known before records are taken. */
  codec: SourceCodec | undefined
  readonly #bipf = new BipfToJson()
  // Where a JSON text begins and ends, without the spaces around it.
  #from = 0
  #to = 0

  constructor(codec: SourceCodec | undefined) {
    this.codec = codec
  }

  /** Adds a record to the sink; or answers why its bytes are none. Throws what the log's codec throws. */
  take(sink: Sink, bytes: Uint8Array, from: number, to: number): string | undefined {
    if (this.codec === 'json') {
      if (!this.#isJson(bytes, from, to)) return 'it is no JSON text'
      sink.addJson(bytes, this.#from, this.#to)
    } else if (this.codec === 'bipf') {
      const fault = this.#bipf.convert(bytes, from, to)
      if (fault) return `it is no bipf: ${fault}`
      sink.addJson(this.#bipf.bytes, 0, this.#bipf.length)
    } else if (this.codec === 'binary') {
      sink.addValue(bytes.slice(from, to))
    } else {
      let value: unknown
      try {
        value = this.codec!.decode(bytes.slice(from, to))
      } catch (err) {
        return `its codec threw: ${(err as Error)?.message ?? err}`
      }
      sink.addValue(value)
    }
    return
  }

  /** By what a record must be encoded; undefined where it may be by both or by none. */
  find(bytes: Uint8Array, from: number, to: number): 'json' | 'bipf' | undefined {
    const json = this.#isJson(bytes, from, to)
    const bipf = this.#bipf.convert(bytes, from, to) === undefined
    return json === bipf ? undefined : json ? 'json' : 'bipf'
  }

  #isJson(bytes: Uint8Array, from: number, to: number): boolean {
    this.#from = skipSpace(bytes, from, to)
    this.#to = scanValue(bytes, this.#from, to)
    return this.#to >= 0 && skipSpace(bytes, this.#to, to) === to
  }
}
