// What scuttlebutt moved to. It acknowledges at once and writes 250 ms later, a block at a time, with an fsync each:
// an append is durable when it has drained, so that is what is waited for.

import { createRequire } from 'node:module'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const require = createRequire(import.meta.url)
const AsyncLog = require('async-append-only-log')

const codec = { encode: (value) => Buffer.from(JSON.stringify(value)), decode: (buffer) => JSON.parse(buffer.toString()) }

export default {
  async open(place) {
    await mkdir(place, { recursive: true })
    const log = AsyncLog(join(place, 'log.async'), { codec })
    await new Promise((resolve) => log.onDrain(resolve))
    const append = promisify(log.append)
    const drain = () => new Promise((resolve) => log.onDrain(resolve))
    const get = promisify(log.get)
    return {
      async appendPipelined(values) {
        await Promise.all(values.map((value) => append(value)))
        await drain()
      },
      async appendBatch(values) {
        await append(values)
        await drain()
      },
      async append(value) {
        await append(value)
        await drain()
      },
      scan: () => collect(log, { offsets: false }),
      keys: () => collect(log, { values: false }),
      get,
      newest: () => get(log.since.value),
      close: () => promisify(log.close)(),
    }
  },
}

function collect(log, options) {
  return new Promise((resolve, reject) => {
    const values = []
    log.stream(options).pipe({
      paused: false,
      write: (value) => values.push(value),
      end: (error) => (error && error !== true ? reject(error) : resolve(values)),
    })
  })
}
