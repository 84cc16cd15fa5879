import * as flumedb from 'flumedb-wasm'
import { viewsOf } from './bench/views/flumedb-wasm.mjs'
import { take } from './bench/data/datasets.mjs'
import { messages } from './bench/data/messages.mjs'
import { existsSync } from 'node:fs'
const [way, rounds = '6'] = process.argv.slice(2)
const peer = viewsOf(flumedb, p => flumedb.Log.file(p))
const place = '/tmp/prof/log'
if (!existsSync(place)) await peer.fill(place, take(messages('large'), 100_000))
const ms = []
let g = Date.now() % 1e9
for (let i = 0; i < +rounds; i++) {
  const t = performance.now()
  const db = await peer.ways[way].open(place, g++)
  if (db.newest) await db.newest('@x', 1); else await db.totals()
  ms.push(performance.now() - t)
  await db.close()
}
console.log(way, ms.map(m => m.toFixed(0)).join(' '))
