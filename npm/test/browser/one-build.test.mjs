// Contexts that want the same view at once have it built by one of them.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSite } from './site.mjs'

const RECORDS = 20_000

// Runs in a tab or a worker, and tells of how many records it has been given to build the view with.
const reader = `
  async function read ({ name, kind, last }) {
    const { Flume, Hashtable, Log, Reduce } = flumedb
    globalThis.seen = 0
    const key = value => { globalThis.seen++; return value.key }
    const sum = (sum, { n }) => { globalThis.seen++; return sum + n }
    const db = Flume(Log(name)).use('view', kind === 'Hashtable' ? Hashtable(1, { key }) : Reduce(1, sum, null, null, 0))
    // One that follows the reducer from the beginning misses nothing, though the view leaps.
    let total
    const following = kind === 'Reduce' && (async () => {
      for await (const item of db.view.stream({ live: true, since: -1 })) {
        total = total === undefined ? item : total + item.n
        if (total >= last * (last + 1) / 2) return
      }
    })()
    await new Promise(resolve => db.view.ready(resolve))
    const { seen } = globalThis // a Hashtable makes the key of what it answers once more
    const answer = kind === 'Hashtable' ? (await db.view.get('k' + last)).n : await db.view.get()
    const { seq } = db.views.view.status
    await following
    await db.close()
    return { answer, seq, seen, total }
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
const inTab = (page, what) => page.evaluate(what => read(what), { ...what, last: RECORDS - 1 })
const inWorker = (page, what) => page.evaluate(what => new Promise((resolve, reject) => {
  const worker = new Worker('/reader.mjs', { type: 'module' })
  worker.onmessage = ({ data }) => data.error ? reject(new Error(data.error)) : resolve(data)
  worker.onerror = event => reject(new Error(event.message))
  worker.postMessage(what)
}), { ...what, last: RECORDS - 1 })
const fill = (page, { name }) => page.evaluate(async ([name, records]) => {
  const db = flumedb.Flume(flumedb.Log(name))
  await db.append(Array.from({ length: records }, (_, n) => ({ n, key: `k${n}`, text: 'x'.repeat(100) })))
  await db.close()
}, [name, RECORDS])

for (const [kind, answer] of [['Hashtable', RECORDS - 1], ['Reduce', RECORDS * (RECORDS - 1) / 2]]) {
  const right = read => {
    for (const { answer: given, seq, total } of read) {
      assert.deepEqual({ answer: given, seq }, { answer, seq: RECORDS - 1 })
      if (kind === 'Reduce') assert.equal(total, answer)
    }
  }

  test(`${kind} in two tabs and a worker: one reads the log, and all answer`, { timeout: 60_000 }, async () => {
    const what = { name: `at-once-${kind}`, kind }
    const pages = [await tab(), await tab()]
    await fill(pages[0], what)
    const read = await Promise.all([inTab(pages[0], what), inTab(pages[1], what), inWorker(pages[1], what)])
    right(read)
    assert.deepEqual(read.map(({ seen }) => seen).sort((a, b) => a - b), [0, 0, RECORDS])
    for (const page of pages) await page.close()
  })

  test(`${kind}: where the one that builds is closed half way, another goes on`, { timeout: 60_000 }, async () => {
    const what = { name: `taken-over-${kind}`, kind }
    const pages = [await tab(), await tab(), await tab()]
    await fill(pages[0], what)
    inTab(pages[0], what).catch(() => {}) // its page is closed
    await pages[0].evaluate(async () => {
      while (!globalThis.seen) await new Promise(resolve => setTimeout(resolve, 1))
    })
    const others = Promise.all([inTab(pages[1], what), inTab(pages[2], what)])
    await pages[0].close()
    const read = await others
    right(read)
    const built = read.filter(({ seen }) => seen > 0)
    assert.ok(built.length <= 1, `both have read the log: ${JSON.stringify(read)}`)
    for (const page of pages.slice(1)) await page.close()
  })
}
