// flumedb's own views on flumelog-offset, as scuttlebutt ran them for years.

import { createRequire } from 'node:module'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const require = createRequire(import.meta.url)
const Flume = require('flumedb')
const Level = require('flumeview-level')
const OffsetLog = require('flumelog-offset')
const Reduce = require('flumeview-reduce')
const pull = require('pull-stream')

const codec = { encode: JSON.stringify, decode: JSON.parse, buffer: false }

const level = Level(1, ({ author, timestamp, content }) => [
  ['author', author, timestamp],
  ['type', content.type, timestamp],
])
const reduce = Reduce(1, (types, { content, sequence }) => {
  types ??= {}
  const of = (types[content.type] ??= { count: 0, sum: 0 })
  of.count++
  of.sum += sequence
  return types
})

async function openFlume(place) {
  await mkdir(place, { recursive: true })
  return Flume(OffsetLog(join(place, 'log.offset'), { codec }))
}

function handle(db) {
  return { append: promisify(db.append), close: promisify(db.close) }
}

export default {
  async fill(place, values) {
    const { append, close } = handle(await openFlume(place))
    await append(values)
    await close()
  },

  openLog: async (place) => handle(await openFlume(place)),

  ways: {
    'flumeview-level': {
      async open(place, generation) {
        const name = `level${generation}`
        const db = (await openFlume(place)).use(name, level)
        return {
          ...handle(db),
          newest: (author, limit) =>
            collect(db[name].read({ gt: ['author', author], lt: ['author', author, undefined], reverse: true, limit, keys: false, seqs: false })),
        }
      },
    },
    'flumeview-reduce': {
      async open(place, generation) {
        const name = `reduce${generation}`
        const db = (await openFlume(place)).use(name, reduce)
        const get = promisify(db[name].get)
        return {
          ...handle(db),
          totals: () => get({}),
          counts: async () => Object.fromEntries(Object.entries(await get({})).map(([type, { count }]) => [type, count])),
        }
      },
    },
  },
}

function collect(source) {
  return new Promise((resolve, reject) => {
    pull(source, pull.collect((error, values) => (error ? reject(error) : resolve(values))))
  })
}
