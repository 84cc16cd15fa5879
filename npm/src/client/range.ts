import { FlumeError } from '../errors.js'
import { shapeOf } from '../pages.js'
import { type BatchReader } from '../source.js'
import { isLive } from '../stream-options.js'
import { type StreamOptions } from '../types.js'
import { type Requests, lines, sleep } from './requests.js'
import { type Since } from './since.js'

/**
 * Records in order. Where the connection is lost, or the worker behind it is replaced, it goes on behind the last one: none
 * is missed, none comes twice.
 */
export function rangeReader(requests: Requests, since: Since, options: StreamOptions): BatchReader<unknown> {
  const leaving = new AbortController()
  const batches = readRange(requests, since, options, leaving.signal)
  return {
    next: cb => void batches.next().then(({ done, value }) => (done ? cb(true) : cb(null, value)), cb),
    close(_end, cb) {
      leaving.abort()
      batches.return(undefined).then(() => cb?.(), cb)
    }
  }
}

/** The last line of a range that is not live: there are hosts that end an answer which was broken off. */
const SYNC = '{"sync":true}'

async function* readRange({ ask, pause }: Requests, since: Since, options: StreamOptions, signal: AbortSignal): AsyncGenerator<unknown[], void> {
  const { reverse, old, limit, seqs, gt, gte, lt, lte } = options
  const live = isLive(options)
  const bare = options.values === false && seqs !== false // of both, seqs count first, as in a log
  const shape = shapeOf({ values: !bare, ...(seqs !== undefined && { seqs }) })
  let left = limit && limit > 0 ? limit : Infinity
  // What comes while there is no connection is not to be taken for old.
  let from: { [bound: string]: number | undefined } = { gt, gte, lt, lte }
  if (old === false) from.gt = Math.max(await since.ask(signal), gt ?? -1)
  const last = Math.min((lt ?? Infinity) - 1, lte ?? Infinity)

  for (;;) {
    const query = new URLSearchParams()
    const asked = { ...from, reverse, live: live || undefined, sync: !live || undefined, values: bare ? false : undefined, limit: left < Infinity ? left : undefined }
    for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, String(value))
    try {
      const body = await ask(`records?${query}`, { signal, read: response => response.body! })
      let whole = live
      for await (const told of lines(body)) {
        if (told.at(-1) === SYNC) whole = told.splice(-1).length > 0
        const items = told.map(line => (bare ? { seq: Number(line) } : JSON.parse(line)) as { seq: number; value?: unknown })
        if (!items.length) continue
        const { seq } = items.at(-1)!
        from = reverse ? { ...from, lt: seq, lte: undefined } : { ...from, gt: seq, gte: undefined }
        left -= items.length
        if (!reverse) since.moved(seq)
        yield items.map(shape)
        if (left <= 0) return
      }
      if (!whole) throw new TypeError('the answer was broken off')
      // A live one ends where there can be no more to come, or for somebody else to go on with it.
      if (!live || (await since.ask(signal)) >= last) return
      pause()
    } catch (cause) {
      if (cause instanceof FlumeError) throw cause
      if (cause instanceof SyntaxError) throw new FlumeError('STORE', 'the answer is no NDJSON', { cause })
      await sleep(50, signal)
    }
  }
}
