import * as flumedb from 'flumedb-wasm'
import { viewsOf } from './bench/views/flumedb-wasm.mjs'
import { readdirSync, statSync } from 'node:fs'
const { Flume, Log, Level, Query, Reduce, Hashtable, Search } = flumedb
const place = '/tmp/prof/log'
const views = {
  none: null,
  Level: Level(1, { keys: [[{ value: 'author' }, 'author', 'timestamp'], [{ value: 'type' }, 'content.type', 'timestamp']] }),
  Query: Query(1, { indexes: [{ key: 'author', value: ['author'] }, { key: 'type', value: [['content', 'type']] }] }),
  Reduce: Reduce(1, { count: true, sum: 'sequence', groupBy: 'content.type' }),
  Hashtable: Hashtable(1, ['author', 'sequence']),
  Search: Search(1, { fields: ['content.text', 'content.description'] }),
  all: null
}
const median = a => a.sort((x, y) => x - y)[a.length >> 1]
const open = async (name, rounds) => {
  const ms = [], first = []
  let size
  for (let i = 0; i < rounds; i++) {
    globalThis.gc?.()
    await new Promise(r => setTimeout(r, 10))
    const t = performance.now()
    const log = Log.file(place)
    const db = Flume(log)
    if (name === 'all') for (const n of ['Level', 'Query', 'Reduce', 'Hashtable', 'Search']) db.use('x' + n, views[n])
    else if (views[name]) db.use('x' + name, views[name])
    await new Promise(r => log.loaded(r))
    await db.get(db.since.value)
    first.push(performance.now() - t)
    for (const v of Object.values(db.views)) await new Promise((res, rej) => v.ready(e => e ? rej(e) : res()))
    ms.push(performance.now() - t)
    size = Object.values(db.views).map(v => v.bytes)
    await db.close()
  }
  return [median(first).toFixed(1), median(ms).toFixed(1), size]
}
for (const n of Object.keys(views)) await open(n, 1)
for (let r = 0; r < 2; r++) for (const n of Object.keys(views)) console.log(n, ...(await open(n, 11)))
