// One page a peer. The driver calls `bench(job)`; a peer that needs a dedicated worker gets its jobs done in one.

import '../wasm-memory.mjs'
import { createBench } from './bench.mjs'

const query = new URLSearchParams(location.search)
const settings = { peer: query.get('peer'), of: query.get('of') ?? 'peers', dataset: query.get('dataset'), count: Number(query.get('count')) }

globalThis.bench = query.has('worker') ? benchInWorker(settings) : createBench(settings)

function benchInWorker(settings) {
  const worker = new Worker('/bench/chromium/worker.mjs', { type: 'module' })
  const waiting = new Map()
  let failed = null
  let id = 0
  worker.onmessage = ({ data }) => {
    const { resolve, reject } = waiting.get(data.id)
    waiting.delete(data.id)
    if (data.error) reject(new Error(data.error))
    else resolve(data.result)
  }
  worker.onerror = (event) => {
    failed = new Error(`worker failed: ${event.message}`)
    for (const { reject } of waiting.values()) reject(failed)
  }
  return (job) =>
    new Promise((resolve, reject) => {
      if (failed) return reject(failed)
      waiting.set(++id, { resolve, reject })
      worker.postMessage({ id, job, settings })
    })
}
