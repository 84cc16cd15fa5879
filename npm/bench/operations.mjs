// What is timed, the same for every peer and host. A peer opens a place and answers a handle:
//
//   appendPipelined(values)  everything issued at once, then awaited; or {way: function} where there is more than one
//   appendBatch(values)      one atomic batch
//   append(value)            one record
//   scan()                   all values as an array of objects; or {way: function}
//   get(key)                 one value
//   newest()                 the value appended last
//   keys()                   optional: the key of every record, where it is not the record's index
//   close()
//
// Only the work itself is inside the clock; what was read back is checked outside of it, and a wrong answer throws.

import { fingerprint } from './data/fingerprint.mjs'

export const BATCH = 1000
const CACHED_WINDOW = 200
const UNCACHED_STRATA = 16

export async function measure(peer, job, input) {
  return OPERATIONS[job.operation](peer, job, input)
}

const OPERATIONS = {
  // Code that has never run is slow, in a way that says nothing about a log; appends are measured after this.
  async warmUp(peer, job, input) {
    const values = await firstValues(input, job.count)
    await timedAppend(peer, job, input, (log) => way(log.appendPipelined)(values))
  },

  async pipelined(peer, job, input) {
    const values = await firstValues(input, job.count)
    return timedAppend(peer, job, input, (log) => way(log.appendPipelined, job.way)(values))
  },

  async batches(peer, job, input) {
    const values = await firstValues(input, job.count)
    const batches = batchesOf(values)
    return timedAppend(peer, job, input, async (log) => {
      for (const batch of batches) await log.appendBatch(batch)
    })
  },

  async single(peer, job, input) {
    const values = await firstValues(input, job.count)
    const samples = []
    await timedAppend(peer, job, input, async (log) => {
      for (const value of values) {
        const start = performance.now()
        await log.append(value)
        samples.push(performance.now() - start)
      }
    })
    return { samples }
  },

  async scan(peer, job) {
    const log = await peer.open(job.place, { durability: job.durability })
    await settle()
    const start = performance.now()
    const values = await way(log.scan, job.way)()
    const ms = performance.now() - start
    await log.close()
    checkFingerprint(values, job.fingerprint)
    return { count: values.length, ms }
  },

  // Cached: records of one small stretch of the log, all of them read once before the clock starts.
  async getCached(peer, job, input) {
    const log = await peer.open(job.place, { durability: job.durability })
    const keys = await log.keys?.()
    const first = Math.floor(job.count / 2)
    const picks = Array.from({ length: CACHED_WINDOW }, (_, i) => first + ((i * 37) % CACHED_WINDOW))
    for (const index of picks) await log.get(keys ? keys[index] : index)

    await settle()
    const got = []
    const rounds = job.rounds
    const start = performance.now()
    for (let round = 0; round < rounds; round++) {
      for (const index of picks) got.push(await log.get(keys ? keys[index] : index))
    }
    const ms = performance.now() - start
    await log.close()
    await checkGot(got, Array.from({ length: rounds }, () => picks).flat(), input)
    return { count: got.length, ms }
  },

  // Uncached: the log is opened anew, and no two reads are closer than a sixteenth of it, so that none finds what an
  // earlier one has fetched.
  async getUncached(peer, job, input) {
    const keys = await keysOf(peer, job)
    const samples = []
    const got = []
    const picks = []
    for (let round = 0; round < job.rounds; round++) {
      const log = await peer.open(job.place, { durability: job.durability })
      await log.newest()
      await settle()
      for (const index of strata(job.count, round)) {
        const start = performance.now()
        const value = await log.get(keys ? keys[index] : index)
        samples.push(performance.now() - start)
        got.push(value)
        picks.push(index)
      }
      await log.close()
    }
    await checkGot(got, picks, input)
    return { samples }
  },

  async reopen(peer, job) {
    const samples = []
    const got = []
    for (let round = 0; round < job.rounds; round++) {
      await settle()
      const start = performance.now()
      const log = await peer.open(job.place, { durability: job.durability })
      const newest = await log.newest()
      samples.push(performance.now() - start)
      got.push(newest)
      await log.close()
    }
    for (const newest of got) checkRecord(newest, job.newest, job.count - 1)
    return { samples }
  },
}

async function timedAppend(peer, job, input, append) {
  const log = await peer.open(job.place, { durability: job.durability })
  await settle()
  const start = performance.now()
  await append(log)
  const ms = performance.now() - start
  await log.close()

  const reader = await peer.open(job.place, { durability: job.durability })
  checkFingerprint(await way(reader.scan)(), await input.fingerprint(job.count))
  await reader.close()
  return { count: job.count, ms }
}

function way(functions, name) {
  return typeof functions === 'function' ? functions : functions[name ?? Object.keys(functions)[0]]
}

export function batchesOf(values) {
  const batches = []
  for (let i = 0; i < values.length; i += BATCH) batches.push(values.slice(i, i + BATCH))
  return batches
}

async function keysOf(peer, job) {
  const log = await peer.open(job.place, { durability: job.durability })
  const keys = await log.keys?.()
  await log.close()
  return keys
}

// One index from the middle of each stratum, neighbours far apart in time as well; the last stratum is left out,
// because reading the newest record has fetched it.
function strata(count, round) {
  const size = Math.floor(count / UNCACHED_STRATA)
  return Array.from({ length: UNCACHED_STRATA - 1 }, (_, i) => ((i * 7) % (UNCACHED_STRATA - 1)) * size + Math.floor(size / 2) + round)
}

async function firstValues(input, count) {
  const values = await input.values()
  return count === values.length ? values : values.slice(0, count)
}

function checkFingerprint(values, expected) {
  const got = fingerprint(values)
  if (got !== expected) throw new Error(`read back ${got}, but ${expected} was appended (count:checksum)`)
}

async function checkGot(got, indexes, input) {
  const values = await input.values()
  for (let i = 0; i < got.length; i++) checkRecord(got[i], values[indexes[i]], indexes[i])
}

function checkRecord(got, expected, index) {
  const [is, should] = [JSON.stringify(got), JSON.stringify(expected)]
  if (is !== should) throw new Error(`record ${index} came back as ${is}, expected ${should}`)
}

// Garbage of what ran before must not be collected on somebody else's clock.
export async function settle() {
  globalThis.gc?.()
  await new Promise((resolve) => setTimeout(resolve, 10))
}
