// Does jobs for one peer on one dataset, in a page or in a worker.

import { FLIGHTS_PATH, inputOf } from '../data/datasets.mjs'
import { measureGrowth } from '../growth.mjs'
import { measure } from '../operations.mjs'
import { measureViews } from '../views/measure.mjs'
import { measureMainThread, watchMainThread } from './main-thread.mjs'

export function createBench({ peer: name, of, dataset, count }) {
  const loaded = import(`./${of}/${name}.mjs`)
  const input = inputOf(dataset, count, fetchFlights)

  return async function bench(job) {
    const peer = (await loaded).default
    if (job.operation === 'load') {
      await input.fingerprint(count)
      return { about: await peer.about?.() }
    }
    if (job.operation.startsWith('views: ')) return measureViews(peer, job, input, watchMainThread)
    if (job.operation === 'growth') return measureGrowth(peer, job, memoryBeside)
    if (job.operation === 'mainThread') return measureMainThread(peer, job, input)
    if (job.operation === 'scan') job.fingerprint = await input.fingerprint(job.count)
    if (job.operation === 'reopen') job.newest = (await input.values())[job.count - 1]
    return peer.measure ? peer.measure(job, input) : measure(peer, job, input)
  }
}

function memoryBeside() {
  return { heap: performance.memory.usedJSHeapSize }
}

async function fetchFlights() {
  return (await fetch(`/${FLIGHTS_PATH}`)).json()
}
