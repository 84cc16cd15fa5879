// Two tabs and a worker append to one log at once.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSite } from './site.mjs'

// Runs in a tab or a worker: appends, hears every record live, and answers what was acknowledged and what was heard.
const writer = `
  async function write ({ name, by, rounds, total }) {
    const { Flume, Log } = flumedb
    const db = Flume(Log(name))
    const heard = []
    const hearing = (async () => {
      for await (const { seq, value } of db.stream({ live: true })) {
        heard.push([seq, value.by, value.n])
        if (heard.length === total) break
      }
    })()
    const acked = []
    const appends = []
    let n = 0
    for (let round = 0; round < rounds; round++) {
      // A single record and a batch, in flight together.
      for (const size of [1, 3]) {
        const first = n
        const records = Array.from({ length: size }, () => ({ by, n: n++ }))
        appends.push(db.append(size === 1 ? records[0] : records).then(seq => {
          for (let i = 0; i < size; i++) acked.push([seq - size + 1 + i, by, first + i])
        }))
      }
      if (round % 5 === 0) await Promise.all(appends)
    }
    await Promise.all(appends)
    await hearing
    const { records, damage } = await db.verify()
    await db.close()
    return { acked, heard, records, damage }
  }
`
const worker = `
  import * as flumedb from '/flumedb-wasm/browser.mjs'
  ${writer}
  onmessage = ({ data }) => write(data).then(postMessage, error => postMessage({ error: String(error.stack) }))
`

let site
before(async () => { site = await openSite({ get: { '/writer.mjs': { type: 'text/javascript', body: worker } } }) })
after(() => site?.close())

test('every append of two tabs and a worker has its own place, each hears all live, in order, none twice', { timeout: 180_000 }, async () => {
  const pages = [await site.newPage(), await site.newPage()]
  for (const page of pages) await page.addScriptTag({ content: writer })
  const settings = by => ({ name: 'shared', by, rounds: 60, total: 3 * 60 * 4 })

  const results = await Promise.all([
    ...pages.map((page, i) => page.evaluate(settings => write(settings), settings(`tab ${i}`))),
    pages[0].evaluate(settings => new Promise((resolve, reject) => {
      const worker = new Worker('/writer.mjs', { type: 'module' })
      worker.onmessage = ({ data }) => data.error ? reject(new Error(data.error)) : resolve(data)
      worker.onerror = event => reject(new Error(event.message))
      worker.postMessage(settings)
    }), settings('worker'))
  ])

  const total = settings('').total
  const log = results.flatMap(({ acked }) => acked).sort(([a], [b]) => a - b)
  assert.deepEqual(log.map(([seq]) => seq), Array.from({ length: total }, (_, seq) => seq), 'the acknowledged seqs are dense and none was given twice')
  for (const by of ['tab 0', 'tab 1', 'worker']) {
    assert.deepEqual(log.filter(record => record[1] === by).map(([, , n]) => n), Array.from({ length: total / 3 }, (_, n) => n), `the records of ${by} are in the order it appended them`)
  }
  for (const { heard, records, damage } of results) {
    assert.deepEqual(heard, log, 'what was heard live is what was acknowledged')
    assert.equal(records, total)
    assert.deepEqual(damage, [])
  }
  for (const page of pages) {
    assert.deepEqual(page.uncaught, [])
    await page.close()
  }
})

test('what a writer appended last is heard although it closes, or is ended, as soon as it is acknowledged', { timeout: 60_000 }, async () => {
  const page = await site.newPage()
  const heard = await page.evaluate(async last => {
    const { Flume, Log } = flumedb
    const db = Flume(Log('last'))
    const heard = []
    const all = (async () => {
      for await (const { seq, value } of db.stream({ live: true })) {
        heard.push([seq, value.by, value.n])
        if (heard.length === 60) return
      }
    })()
    for (let round = 0; round < 10; round++) {
      const by = round % 2 ? 'closed' : 'ended'
      const worker = new Worker(URL.createObjectURL(new Blob([last.replace('ORIGIN', location.origin)], { type: 'text/javascript' })), { type: 'module' })
      await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => data === 'done' ? resolve() : reject(new Error(data))
        worker.onerror = event => reject(new Error(event.message))
        worker.postMessage({ by, round })
      })
      worker.terminate()
    }
    await all
    await db.close()
    return heard
  }, `
    import { Flume, Log } from 'ORIGIN/flumedb-wasm/browser.mjs'
    const run = async ({ by, round }) => {
      const db = Flume(Log('last'))
      for (let n = 0; n < 6; n++) await db.append({ by, n: round * 6 + n })
      if (by === 'closed') await db.close()
      return 'done'
    }
    onmessage = ({ data }) => run(data).then(postMessage, error => postMessage(String(error.stack)))
  `)
  assert.deepEqual(heard, Array.from({ length: 60 }, (_, n) => [n, Math.floor(n / 6) % 2 ? 'closed' : 'ended', n]))
  assert.deepEqual(page.uncaught, [])
  await page.close()
})
