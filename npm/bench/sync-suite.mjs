// How long it takes until a new replica has all of a log, in Node, from a Go server on the same machine; and beside it, how
// long the same bytes take over the same way without anything being made of them, into memory and into a file.

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { take } from './data/datasets.mjs'
import { messages } from './data/messages.mjs'
import { startServer } from '../test/sync/server.mjs'

const COUNT = 100_000
const AT_ONCE = 5_000

export const SYNC = {
  section: 'node sync',
  metric: 'pull',
  packed: 'flumedb-wasm, compressed',
  plain: 'flumedb-wasm, not compressed',
  copy: 'the same bytes into memory',
  write: 'the same bytes into a file'
}

export async function runSync({ options, results, scratch }) {
  const { section, metric } = SYNC
  const started = performance.now()
  const count = options.countOf('large', COUNT)
  const ends = []
  try {
    const { Flume, Log } = await import(new URL('../dist/node.mjs', import.meta.url))
    const server = await startServer({ after: (end) => ends.unshift(end) })
    const body = await fill(server.url, count)
    const bare = createServer((_, response) => response.end(body)).listen(0, '127.0.0.1')
    ends.unshift(() => bare.close())
    await once(bare, 'listening')
    const bareUrl = `http://127.0.0.1:${bare.address().port}/`
    options.about.set('node sync', `${count.toLocaleString('en')} records of ${Math.round(body.length / count)} bytes`)
    for (let rep = 0; rep < options.reps; rep++) {
      options.progress(`${section}, repetition ${rep + 1} of ${options.reps}`)
      const time = async (series, work) => {
        const begun = performance.now()
        await work()
        results.add(section, metric, series, { ms: performance.now() - begun, count })
      }
      for (const [series, headers] of [[SYNC.packed, {}], [SYNC.plain, { 'Accept-Encoding': 'identity' }]]) {
        const db = Flume(Log(join(scratch, `sync-${rep}-${series.length}`)))
        await db.get(0).catch(() => {}) // it is open
        await time(series, async () => {
          const { pulled } = await db.sync(server.url, { headers })
          if (pulled !== count) throw new Error(`${pulled} records came, of ${count}`)
        })
        await db.close()
      }
      await time(SYNC.copy, async () => (await fetch(bareUrl)).arrayBuffer())
      await time(SYNC.write, async () => pipeline(Readable.fromWeb((await fetch(bareUrl)).body), createWriteStream(join(scratch, `sync-${rep}-copy`))))
    }
  } catch (error) {
    results.fail(section, metric, 'flumedb-wasm', error)
  } finally {
    for (const end of ends) await end()
  }
  options.took('node: sync', performance.now() - started)
}

/** Appends that many records at the server, and answers them as JSON. */
async function fill(url, count) {
  const source = messages('large')
  const texts = []
  for (let done = 0; done < count; done += AT_ONCE) {
    const batch = take(source, Math.min(AT_ONCE, count - done)).map((value) => JSON.stringify(value))
    texts.push(...batch)
    const response = await fetch(`${url}records`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: `[${batch}]` })
    if (!response.ok) throw new Error(`the server does not take records: ${await response.text()}`)
  }
  return Buffer.from(texts.join())
}
