// One process a peer: does the jobs its parent sends, one after another. What it measures cold is measured before
// anything else has run in it.

import '../wasm-memory.mjs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FLIGHTS_PATH, inputOf } from '../data/datasets.mjs'
import { measureGrowth } from '../growth.mjs'
import { measure } from '../operations.mjs'
import { PACKAGE_DIR } from '../package-dir.mjs'
import { measureViews } from '../views/measure.mjs'

const [name, dataset, count] = process.argv.slice(2)
const input = inputOf(dataset, Number(count), readFlights)

process.on('message', async (job) => {
  try {
    process.send({ result: await run(job) })
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) })
  }
})
process.on('disconnect', () => process.exit())

async function run(job) {
  if (job.operation === 'expect') {
    return { fingerprint: await input.fingerprint(job.count), newest: (await input.values())[job.count - 1] }
  }
  if (job.operation.startsWith('views: ')) {
    const { default: peer } = await import(`./views/${name}.mjs`)
    return measureViews(peer, job, input)
  }

  const { default: peer } = await import(`./peers/${name}.mjs`)
  return job.operation === 'growth' ? measureGrowth(peer, job, memoryBeside) : measure(peer, job, input)
}

function memoryBeside() {
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  return { rss, heap: heapUsed, arrayBuffers }
}

async function readFlights() {
  return JSON.parse(await readFile(join(PACKAGE_DIR, FLIGHTS_PATH), 'utf8'))
}
