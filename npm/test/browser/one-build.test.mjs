// Contexts that want the same view at once have it built by one of them.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSite } from './site.mjs'

const RECORDS = 20_000

// Runs in a tab or a worker. Of records that the module gives it to find the key of, it tells how many there were.
const reader = `
  async function read ({ name, last }) {
    const { Flume, Hashtable, Log } = flumedb
    globalThis.seen = 0
    const key = value => { globalThis.seen++; return value.key }
    const db = Flume(Log(name)).use('byKey', Hashtable(1, { key }))
    const { n } = await db.byKey.get('k' + last)
    const { seq } = db.views.byKey.status
    await db.close()
    return { n, seq, seen: globalThis.seen }
  }
`
const worker = `
  import * as flumedb from '/flumedb-wasm/browser.mjs'
  ${reader}
  onmessage = ({ data }) => read(data).then(postMessage, error => postMessage({ error: String(error.stack) }))
`

let site
before(async () => { site = await openSite({ get: { '/reader.mjs': { type: 'text/javascript', body: worker } } }) })
after(() => site?.close())

const tab = async () => {
  const page = await site.newPage()
  await page.addScriptTag({ content: reader })
  return page
}
const inTab = (page, name) => page.evaluate(what => read(what), { name, last: RECORDS - 1 })
const inWorker = (page, name) => page.evaluate(what => new Promise((resolve, reject) => {
  const worker = new Worker('/reader.mjs', { type: 'module' })
  worker.onmessage = ({ data }) => data.error ? reject(new Error(data.error)) : resolve(data)
  worker.onerror = event => reject(new Error(event.message))
  worker.postMessage(what)
}), { name, last: RECORDS - 1 })
const fill = (page, name) => page.evaluate(async ([name, records]) => {
  const db = flumedb.Flume(flumedb.Log(name))
  await db.append(Array.from({ length: records }, (_, n) => ({ n, key: `k${n}`, text: 'x'.repeat(100) })))
  await db.close()
}, [name, RECORDS])

test('two tabs and a worker: one reads the log, and all answer', { timeout: 120_000 }, async () => {
  const pages = [await tab(), await tab()]
  await fill(pages[0], 'at-once')
  const read = await Promise.all([inTab(pages[0], 'at-once'), inTab(pages[1], 'at-once'), inWorker(pages[1], 'at-once')])
  for (const { n, seq } of read) assert.deepEqual({ n, seq }, { n: RECORDS - 1, seq: RECORDS - 1 })
  // Each has the key of the record that it answers made once more, to compare it.
  assert.deepEqual(read.map(({ seen }) => seen - 1).sort((a, b) => a - b), [0, 0, RECORDS])
  for (const page of pages) await page.close()
})

test('where the one that builds is closed half way, another goes on', { timeout: 120_000 }, async () => {
  const pages = [await tab(), await tab(), await tab()]
  await fill(pages[0], 'taken-over')
  inTab(pages[0], 'taken-over').catch(() => {}) // its page is closed
  await pages[0].evaluate(async () => {
    while (!globalThis.seen) await new Promise(resolve => setTimeout(resolve, 1))
  })
  const others = Promise.all([inTab(pages[1], 'taken-over'), inTab(pages[2], 'taken-over')])
  await pages[0].close()
  const read = await others
  for (const { n, seq } of read) assert.deepEqual({ n, seq }, { n: RECORDS - 1, seq: RECORDS - 1 })
  const built = read.filter(({ seen }) => seen > 1)
  assert.ok(built.length <= 1, `both have read the log: ${JSON.stringify(read)}`)
  for (const page of pages.slice(1)) await page.close()
})
