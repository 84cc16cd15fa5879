// What the crash tests append, and how they look at what is left. The same code runs in Node and on a page.

// A small seeded generator (mulberry32): a failing run can be repeated.
export function random (seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

// Appends until the process dies: single records and batches, several in flight. Every record says which run it is of,
// its place n in the run, and in which batch it came. acked is told of each append once it is acknowledged: the place
// of its first record, the number of its records and the seq of its last.
export async function appendUntilKilled (db, { run, seed, acked }) {
  const next = random(seed)
  const inFlight = new Set()
  for (let n = 0; ;) {
    const first = n
    const count = next() < 0.3 ? 1 + Math.floor(next() * 20) : 1
    const records = []
    for (; n < first + count; n++) records.push({ run, n, batch: [first, count], pad: 'x'.repeat(padding(next)) })
    const append = db.append(count === 1 ? records[0] : records).then(seq => {
      acked({ first, count, seq })
      inFlight.delete(append)
    })
    inFlight.add(append)
    if (inFlight.size > 1 + next() * 30) await Promise.race(inFlight)
  }
}

// Mostly a few hundred bytes; now and then so many that a commit holds few records, or one record fills a segment.
function padding (next) {
  const kind = next()
  if (kind < 0.97) return Math.floor(next() * 400)
  return Math.floor(next() * (kind < 0.995 ? 20_000 : 300_000))
}

// All there is, in short: spans of records that follow each other in a run, the batches of which only a part is there,
// and what the log says of itself.
export async function survey (db) {
  const spans = []
  const partial = []
  let span
  let batch
  let seen = 0
  const endBatch = () => { if (batch && seen !== batch.batch[1]) partial.push({ run: batch.run, batch: batch.batch, seen }) }
  for await (const { seq, value } of db.stream()) {
    const { run, n } = value
    const follows = span && span.run === run && span.n + span.count === n && span.seq + span.count === seq
    if (follows) span.count++
    else spans.push(span = { seq, run, n, count: 1 })
    if (!batch || batch.run !== run || batch.batch[0] !== value.batch[0]) {
      endBatch()
      batch = value
      seen = 0
    }
    seen++
  }
  endBatch()
  const { records, damage } = await db.verify()
  return { spans, partial, records, damage }
}
