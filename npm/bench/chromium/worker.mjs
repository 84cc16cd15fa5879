import { createBench } from './bench.mjs'

let bench

onmessage = async ({ data: { id, job, settings } }) => {
  try {
    bench ??= createBench(settings)
    postMessage({ id, result: await bench(job) })
  } catch (error) {
    postMessage({ id, error: String(error?.stack ?? error) })
  }
}
