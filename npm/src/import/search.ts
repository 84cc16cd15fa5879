import type { LogBytes } from '../log-bytes.js'
import type { Run } from '../log-reader.js'
import { FlumeError } from '#main'
import { type Batch } from './batch.js'
import { type Stop } from './stop.js'

/**
 * Whether the log holds a batch behind a seq: its records, one behind the other, as an append leaves them. What others have
 * appended may stand before and behind. It is Knuth's, Morris' and Pratt's search, with records for letters. A record that
 * has been deleted since may have been any, as long as others of the batch are left.
 */
export async function holds(log: LogBytes, seq: number, batch: Batch, stop: Stop): Promise<boolean> {
  const { run, lengths } = batch
  const ends = new Float64Array(lengths.length)
  for (let i = 0, at = -1; i < lengths.length; i++) ends[i] = at += 1 + lengths[i]
  const record = (i: number) => run.subarray(ends[i] - lengths[i], ends[i])

  // How many records the batch begins with that also end it at i.
  const border = new Uint32Array(lengths.length)
  const longer = (n: number, next: Uint8Array) => {
    while (n && !equal(record(n), next)) n = border[n - 1]
    return equal(record(n), next) ? n + 1 : 0
  }
  for (let i = 1; i < lengths.length; i++) border[i] = longer(border[i - 1], record(i))

  let n = 0 // how many of the batch's records the log's last ones are
  let begun: Beginning[] | undefined // once there are deleted records: all beginnings of the batch that the log ends with
  let next = seq + 1
  const step = (first: number): boolean => {
    const gap = first - next
    if (gap <= 0) return false
    begun ??= beginnings(n, border)
    if (begun.some(({ n, left }) => left && n + gap >= lengths.length)) return true
    begun = begun.map(({ n, left }) => ({ n: n + gap, left })).filter(({ n }) => n < lengths.length)
    for (let n = 1; n <= gap && n < lengths.length; n++) begun.push({ n, left: false })
    return false
  }
  for await (const runs of runsOf(log, seq, stop)) {
    for (const { first, bytes, ends, count } of runs) {
      if (step(first)) return true
      for (let i = 0, from = 1; i < count; from = ends[i++] + 1) {
        const found = bytes.subarray(from, ends[i])
        if (begun) {
          begun = [...begun, { n: 0, left: true }].filter(({ n }) => equal(record(n), found)).map(({ n }) => ({ n: n + 1, left: true }))
          if (begun.some(({ n }) => n === lengths.length)) return true
          begun = begun.filter(({ n }) => n < lengths.length)
        } else if ((n = longer(n, found)) === lengths.length) return true
      }
      next = first + count
    }
  }
  return step(log.newest() + 1)
}

/** So many records of the batch; `left` where one of them at least is not deleted. */
interface Beginning {
  n: number
  left: boolean
}

function beginnings(n: number, border: Uint32Array): Beginning[] {
  const all = []
  for (; n; n = border[n - 1]) all.push({ n, left: true })
  return all
}

/** All of the log behind a seq that can be read. */
async function* runsOf(log: LogBytes, seq: number, stop: Stop): AsyncGenerator<Run[]> {
  for (;;) {
    const reader = log.reader({ gt: seq, cache: false })
    let ended = false
    try {
      for (;;) {
        const runs = await stop.race(
          () =>
            new Promise<Run[] | undefined>((resolve, reject) =>
              reader.next((end, items) => {
                ended = !!end
                if (end instanceof Error) reject(end)
                else resolve(items)
              })
            )
        )
        if (!runs) return
        yield runs
      }
    } catch (err) {
      // What is damaged cannot be compared; if the batch was there, it is lost, and appending it again is right.
      if (!(err instanceof FlumeError) || err.code !== 'CORRUPT' || err.last === undefined) throw err
      seq = err.last
    } finally {
      if (!ended) reader.close(true)
    }
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
