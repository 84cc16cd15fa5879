// flumedb on flumelog-offset, as scuttlebutt ran it for years. It never flushes, so it is relaxed only.

import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'

const require = createRequire(import.meta.url)
const Flume = require('flumedb')
const OffsetLog = require('flumelog-offset')
const pull = require('pull-stream')

const codec = { encode: JSON.stringify, decode: JSON.parse, buffer: false }

export default {
  async open(place) {
    await mkdir(place, { recursive: true })
    const db = Flume(OffsetLog(join(place, 'log.offset'), { codec }))
    await new Promise((resolve) => db.since.once(resolve))
    const append = promisify(db.append)
    const get = promisify(db.get)
    return {
      appendPipelined: (values) => Promise.all(values.map((value) => append(value))),
      appendBatch: (values) => append(values),
      append,
      scan: () => collect(db.stream({ seqs: false })),
      keys: () => collect(db.stream({ values: false })),
      get,
      newest: () => get(db.since.value),
      close: () => promisify(db.close)(),
    }
  },
}

function collect(source) {
  return new Promise((resolve, reject) => {
    pull(source, pull.collect((error, values) => (error ? reject(error) : resolve(values))))
  })
}
