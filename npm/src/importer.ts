// Import is a bundle of its own, so that those who never import do not carry it. This is what the main bundle knows of it:
// the types, and where it puts itself.

import { loadImport } from '#host'
import { type LogBytes } from './log-bytes.js'
import { type Enlist } from './source.js'
import { type FlumeLog } from './types.js'

/**
 * What can be imported:
 *
 * - `'flumelog-offset'` files of flumelog-offset from version 3 on, with offsets of 32, 48 or 53 bits
 * - `'flumelog-offset-legacy'` those of the versions before
 * - `'flumelog-aligned-offset'`, `'async-append-only-log'` files of the packages of those names
 * - `'ndjson'` JSON texts, one a line
 * - `'json'` one JSON array, of which each element is a record
 */
export type ImportFormat =
  | 'flumelog-offset'
  | 'flumelog-offset-legacy'
  | 'flumelog-aligned-offset'
  | 'async-append-only-log'
  | 'ndjson'
  | 'json'

/** A path or a file: URL in Node, a `File` or `Blob`, bytes, or a stream of bytes or texts of any kind, such as Node's. */
export type ImportSource =
  | string
  | URL
  | Blob
  | ArrayBuffer
  | ArrayBufferView
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>

export interface ImportOptions<T = any> {
  /** By default it is detected, and an error names the formats where that is not certain. */
  format?: ImportFormat
  /**
   * How the records of a log file are encoded: as JSON texts, as bipf, as what this log's `'binary'` codec takes, or as
   * `decode` knows. By default JSON or bipf, by the first record; in a log whose codec is `'binary'`, the bytes as they are.
   */
  codec?: 'json' | 'bipf' | 'binary' | { decode(bytes: Uint8Array): T }
  /** Of a flumelog-aligned-offset or async-append-only-log file that was not made with the default, in bytes. */
  blockSize?: number
  /**
   * `false` appends all of the source, whatever has been imported of it before. By default an import of a source that
   * begins as one before did goes on where that ended.
   */
  resume?: boolean
  /** Hears how far the import is, at most about ten times a second, and at its end. */
  onProgress?(progress: ImportProgress): void
  /** Ends the import with `ABORTED`; a later one goes on from there. */
  signal?: AbortSignal
}

export interface ImportProgress {
  /** How far the source has been read and its records are in the log. */
  bytes: number
  /** How long the source is, where that is known. */
  totalBytes?: number
  /** How many records this import has appended. */
  records: number
  /** Records per second. */
  rate: number
  /** Milliseconds until it is done, at that rate; undefined while there is no rate or no `totalBytes`. */
  eta: number | undefined
}

export interface ImportResult {
  /** Undefined for an empty source whose format was not given. */
  format: ImportFormat | undefined
  /** How many records this import has appended. */
  records: number
  /** How many of the source's records an earlier import had appended already. */
  skipped: number
  /** How many deleted records it met and left out. */
  deleted: number
  /** How much of the source has been imported, now and before. */
  bytes: number
  /** What the source ends with that is no whole record, as a crash of its writer leaves it; it was left out. */
  torn?: { position: number; bytes: number; reason: string }
}

/** The database that is imported into, from within. */
export interface ImportTarget {
  log: FlumeLog<any>
  bytes?: LogBytes
  /** Calls back once the log has loaded. */
  loaded(cb: (err: Error | null) => void): void
  enlist: Enlist
}

export type Importer = (target: ImportTarget, source: ImportSource, options: ImportOptions) => Promise<ImportResult>

let provided: Importer | undefined

/** For `flumedb-wasm/import`, which makes itself known by it. */
export function provideImporter(importer: Importer): void {
  provided = importer
}

export async function runImport(target: ImportTarget, source: ImportSource, options: ImportOptions): Promise<ImportResult> {
  if (!provided) await loadImport()
  return provided!(target, source, options)
}
