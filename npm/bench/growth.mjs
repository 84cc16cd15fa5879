// What grows with the log and what must not: the time to reopen it, and the memory a scan needs. Only our package is
// asked; records are made and read one after another and never held.

import { messages } from './data/messages.mjs'
import { take } from './data/datasets.mjs'
import { BATCH, settle } from './operations.mjs'
import { wasmMemoryBytes } from './wasm-memory.mjs'

const MEMORY_SAMPLES = 24

export async function measureGrowth(peer, { place, count, rounds }, memoryBeside) {
  const bytes = await fill(peer, place, count)
  const samples = []
  for (let round = 0; round < rounds; round++) samples.push(await reopen(peer, place))
  return { count, bytes, samples, memory: await scanMemory(peer, place, count, memoryBeside) }
}

async function fill(peer, place, count) {
  const log = await peer.open(place, { durability: 'relaxed' })
  const source = messages('small')
  const encoder = new TextEncoder()
  let bytes = 0
  for (let done = 0; done < count; done += BATCH) {
    const batch = take(source, Math.min(BATCH, count - done))
    // One batch in a hundred is weighed; they are all alike.
    if (done % (100 * BATCH) === 0) bytes += encoder.encode(JSON.stringify(batch)).length * Math.min(100, Math.ceil((count - done) / BATCH))
    await log.appendBatch(batch)
  }
  await log.close()
  return bytes
}

async function reopen(peer, place) {
  await settle()
  const start = performance.now()
  const log = await peer.open(place, { durability: 'relaxed' })
  await log.newest()
  const ms = performance.now() - start
  await log.close()
  return ms
}

// The most that was alive at once, in the middle of the scan, garbage collected before each look: what a scan needs,
// not what the collector has not got round to.
async function scanMemory(peer, place, count, memoryBeside) {
  const log = await peer.open(place, { durability: 'relaxed' })
  const every = Math.ceil(count / MEMORY_SAMPLES)
  const peak = {}
  const expected = messages('small')
  let seen = 0
  for await (const value of log.stream({ seqs: false })) {
    const { sequence, timestamp } = expected.next().value
    if (value.sequence !== sequence || value.timestamp !== timestamp) throw new Error(`record ${seen} came back wrong`)
    if (seen++ % every === 0) keepHighest(peak, look(memoryBeside))
  }
  keepHighest(peak, look(memoryBeside))
  await log.close()
  if (seen !== count) throw new Error(`${count} records were appended, the scan gave ${seen}`)
  return peak
}

function look(memoryBeside) {
  globalThis.gc()
  return { wasm: wasmMemoryBytes(), ...memoryBeside() }
}

function keepHighest(peak, sample) {
  for (const key in sample) peak[key] = Math.max(peak[key] ?? 0, sample[key])
}
