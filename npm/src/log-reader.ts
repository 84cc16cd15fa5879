import { ENDS, NO_CACHE, REVERSE } from './boundary.js'
import { type Codec, decode, json } from './codec.js'
import type { Engine } from './engine.js'
import { FlumeError } from './errors.js'
import { type Obv } from './obv.js'
import { type End } from './pull.js'
import { type BatchReader } from './source.js'
import { isLive } from './stream-options.js'
import { type StreamOptions } from './types.js'

/** About how many bytes one read brings. While they are consumed, the next is under way. */
const BUDGET = 2 << 20

/** How many bytes may wait to be consumed before no more are read. */
const AHEAD = 2 << 20

/** How many bare seqs make a batch. */
const SEQS = 1024

/** Consecutive records as they are stored: in brackets, with one byte between them. */
export interface Run {
  first: number
  count: number
  bytes: Uint8Array
  /** Where each record ends in `bytes`. */
  ends: Uint32Array
}

/** Where a run's record number `i` begins in its bytes. */
export const startOf = ({ ends }: Run, i: number): number => (i ? ends[i - 1] + 1 : 1)

/** Records as they came from Go, not yet decoded. */
interface Chunk {
  first: number
  count: number
  size: number
  text?: string // JSON of all of them
  run?: Run // or their bytes
}

export interface Readable {
  engine: Engine
  handle: number
  since: Obv<number>
  /** Is set when the log can no longer be read. */
  lost: Obv<Error>
  codec: Codec<any>
}

/** Hears that after the record `last` there is none through the seq `through`: all of those have been deleted. */
export type Skipped = (last: number, through: number) => void

/**
 * Reads a log by the batch, walking in either direction; options are as checked. With `raw` its items are runs, in the
 * order of walking, and the options are to ask for no shape.
 */
export function logReader(log: Readable, options: StreamOptions, raw?: 'raw', skipped?: Skipped): BatchReader<any> {
  const { reverse = false, seqs = true, values = true } = options
  const live = isLive(options)
  const low = Math.max(0, options.gte != null ? Math.ceil(options.gte) : options.gt != null ? Math.floor(options.gt) + 1 : 0)
  const high = options.lte != null ? Math.floor(options.lte) : options.lt != null ? Math.ceil(options.lt) - 1 : Infinity
  let left = options.limit! > 0 ? options.limit! : Infinity
  const newest = () => log.since.value!
  const asText = log.codec === json && !raw

  let next = reverse ? Math.min(high, newest()) : options.old === false ? Math.max(low, newest() + 1) : low // to be read
  let chunks: Chunk[] = []
  let waiting = 0 // bytes in chunks
  let reading: number | undefined
  let failure: Error | undefined
  let asked: ((end: End | null, items?: any[]) => void) | undefined
  let unlisten: (() => void) | undefined
  let over = false
  let last = low - 1 // that was read

  const through = () => {
    const bound = reverse ? low : Math.min(high, newest())
    return reverse ? Math.max(bound, next - left + 1) : Math.min(bound, next + left - 1)
  }
  const passed = (seq: number, bound: number) => (reverse ? seq < bound : seq > bound)
  /** Whether nothing more can come, however the log grows. */
  const complete = () => left <= 0 || (reverse ? next < low : next > high || (!live && next > newest()))

  const read = () => {
    if (reading !== undefined || failure || over || waiting >= AHEAD || left <= 0) return
    const to = through()
    if (passed(next, to)) return
    const flags = (reverse ? REVERSE : 0) | (options.cache === false ? NO_CACHE : 0) | (asText ? 0 : ENDS)
    reading = log.engine.request(
      {
        records(first, count, data, size, ends) {
          const chunk: Chunk = { first, count, size }
          if (asText) chunk.text = log.engine.text(data, size)
          else chunk.run = takeRun(log, first, count, data, size, ends)
          chunks.push(chunk)
          waiting += size
          last = first + count - 1
          left -= count // deleted records are stepped over, and do not count
        },
        settle(seq) {
          reading = undefined
          next = seq
          answer()
        },
        fail(err) {
          reading = undefined
          failure = err
          answer()
        }
      },
      (exports, id) => exports.flumedb_read(log.handle, id, next, to, BUDGET, flags)
    )
  }

  const items = (chunk: Chunk): any[] => {
    if (raw) return [chunk.run]
    const decoded = chunk.text !== undefined ? parse(chunk) : decodeRun(log.codec, chunk.run!)
    if (seqs) for (let i = 0; i < decoded.length; i++) decoded[i] = { seq: chunk.first + i, value: decoded[i] }
    return reverse ? decoded.reverse() : decoded
  }

  /** Seqs alone need no reading: they are dense. */
  const bareSeqs = () => {
    const to = through()
    const batch: number[] = []
    for (; batch.length < SEQS && !passed(next, to); next += reverse ? -1 : 1) batch.push(next)
    left -= batch.length
    return batch
  }

  const answer = () => {
    if (!asked) return read()
    const bare = seqs && !values
    if (bare) {
      const batch = bareSeqs()
      if (batch.length) return reply(null, batch)
    } else if (chunks.length) {
      const chunk = chunks.shift()!
      waiting -= chunk.size
      read()
      let batch
      try {
        batch = items(chunk)
      } catch (err) {
        return stop(err as Error)
      }
      return reply(null, batch)
    }
    if (failure) return stop(failure)
    if (reading !== undefined) return
    if (complete()) return stop(true)
    if (!bare) read()
    if (reading !== undefined) return
    if (last < next - 1) skipped?.(last, next - 1)
    listen()
  }
  const reply = (end: End | null, batch?: any[]) => {
    const cb = asked!
    asked = undefined
    cb(end, batch)
  }
  const stop = (end: End) => {
    release()
    reply(end)
  }

  const listen = () => {
    if (unlisten) return
    const offs = [
      log.since(() => answer(), false),
      log.lost.once(err => {
        failure = err
        answer()
      })
    ]
    unlisten = () => offs.forEach(off => off())
  }
  const release = () => {
    over = true
    chunks = []
    unlisten?.()
    if (reading !== undefined) log.engine.cancel(reading)
    reading = undefined
  }

  return {
    next(cb) {
      asked = cb
      answer()
    },
    close(_end, cb) {
      release()
      cb?.()
    }
  }
}

/** Copies a run of records out of the module's memory. */
function takeRun({ engine }: Readable, first: number, count: number, data: number, size: number, ends: number): Run {
  // The table may lie at any address, which an Uint32Array may not.
  const table = engine.bytes(ends, 4 * count)
  return { first, count, bytes: engine.bytes(data, size), ends: new Uint32Array(table.buffer) }
}

function decodeRun(codec: Codec<any>, run: Run): any[] {
  const values: any[] = []
  for (let i = 0; i < run.count; i++) values.push(decode(codec, run.bytes.subarray(startOf(run, i), run.ends[i]), run.first + i))
  return values
}

function parse({ first, count, text }: Chunk): any[] {
  try {
    return JSON.parse(text!)
  } catch (cause) {
    throw new FlumeError('INVALID_RECORD', `records ${first} to ${first + count - 1} are not all JSON: was the log written with another codec?`, {
      cause,
      seq: first
    })
  }
}
