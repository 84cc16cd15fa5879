import { encode, json } from './codec.js'
import { FlumeError } from './errors.js'
import { type LogBytes } from './log-bytes.js'
import { type Run, startOf } from './log-reader.js'
import { pullReader } from './readers.js'
import { type BatchReader } from './source.js'
import { checkStreamOptions } from './stream-options.js'
import { type FlumeLog, type StreamOptions } from './types.js'

/** What to export. An unknown option throws `INVALID_OPTION`. */
export interface ExportOptions extends Omit<StreamOptions, 'values' | 'seqs' | 'sync'> {
  /** `true` makes each line `{"seq":…,"value":…}`; by default it is the value. */
  seqs?: boolean
}

/** A copy of the options that are set, or a throw. */
export function checkExportOptions(options: ExportOptions | undefined): ExportOptions {
  const checked = checkStreamOptions(options)
  for (const name of ['values', 'sync'] as const)
    if (name in checked) throw new FlumeError('INVALID_OPTION', `export has no option "${name}"`)
  return checked
}

const utf8 = new TextEncoder()

/**
 * Reads a log as NDJSON in UTF-8, a number of whole lines an item. Where records are stored as JSON texts, they are
 * neither parsed nor made anew.
 */
export function exportReader(log: FlumeLog<any>, bytes: LogBytes | undefined, options: ExportOptions): BatchReader<Uint8Array> {
  const { seqs = false, ...range } = options
  if (bytes?.form === 'json') {
    return mapReader(bytes.reader(range), runs => runs.map(run => lines(run, seqs, !!range.reverse)))
  }
  const items: BatchReader<any> = log.reader?.(range) ?? pullReader(log.stream(range))
  return mapReader(items, batch => {
    let text = ''
    for (const { seq, value } of batch) {
      if (ArrayBuffer.isView(value)) throw new FlumeError('INVALID_RECORD', `record ${seq} is bytes, which NDJSON cannot hold`, { seq })
      const line = encode(json, value, `record ${seq}`)
      text += seqs ? `{"seq":${seq},"value":${line}}\n` : `${line}\n`
    }
    return [utf8.encode(text)]
  })
}

const LINE_FEED = 10

/** A run's records as lines. */
function lines(run: Run, seqs: boolean, reverse: boolean): Uint8Array {
  const { bytes, ends, count } = run
  // Our own wrapper stores no line feed; a program that uses the core in Go may have, between the tokens of a text.
  if (!seqs && !reverse && bytes.indexOf(LINE_FEED) < 0) {
    for (let i = 0; i < count; i++) bytes[ends[i]] = LINE_FEED
    return bytes.subarray(1)
  }
  const decoder = new TextDecoder()
  let text = ''
  for (let i = 0; i < count; i++) {
    const at = reverse ? count - 1 - i : i
    const line = oneLine(decoder.decode(bytes.subarray(startOf(run, at), ends[at])))
    text += seqs ? `{"seq":${run.first + at},"value":${line}}\n` : `${line}\n`
  }
  return utf8.encode(text)
}

/** A JSON text without line feeds: those it has stand between its tokens. */
const oneLine = (text: string): string => text.replace(/[\n\r][\s]*/g, '')

/** A reader of other batches, made by a function that may throw. */
function mapReader<A, B>(reader: BatchReader<A>, fn: (items: A[]) => B[]): BatchReader<B> {
  return {
    next: cb =>
      reader.next((end, items) => {
        if (end) return cb(end)
        let mapped
        try {
          mapped = fn(items!)
        } catch (err) {
          return reader.close(err as Error, () => cb(err as Error))
        }
        cb(null, mapped)
      }),
    close: (end, cb) => reader.close(end, cb)
  }
}
