// Import on pages, in workers and in service workers.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { random, someValues } from '../import/values.mjs'
import { asStored, fileOf, kinds } from '../import/writers.mjs'
import { openSite } from './site.mjs'

// What a user would write: a place to drop files on.
const drop = `<!doctype html><title>drop</title><link rel="icon" href="data:,"><main>Drop a log here</main>
<script type="module">
  import Flume, { Log } from '/flumedb-wasm/browser.mjs'
  import '/flumedb-wasm/browser-import.mjs'
  const place = document.querySelector('main')
  window.progress = []
  place.ondragover = event => event.preventDefault()
  place.ondrop = async event => {
    event.preventDefault()
    const db = Flume(Log('dropped'))
    const [file] = event.dataTransfer.files
    window.imported = await db.import(file, { onProgress: progress => window.progress.push(progress) })
    window.values = []
    for await (const { value } of db.stream()) window.values.push(value)
    window.exported = await new Response(db.export().toReadableStream()).text()
    await db.close()
  }
  window.ready = true
</script>`

// Imports what the message says, in any kind of worker.
const work = `
  import Flume, { Log } from '/flumedb-wasm/browser.mjs'
  import '/flumedb-wasm/browser-import.mjs'
  async function run ({ log, file }) {
    const db = Flume(Log(log))
    const { records } = await db.import((await fetch(file)).body)
    const { value } = db.since
    await db.close()
    return [records, value]
  }`
const worker = `${work}
  onmessage = ({ data }) => run(data).then(postMessage, err => postMessage(String(err.stack)))`
const serviceWorker = `${work}
  onmessage = event => event.waitUntil(run(event.data).then(result => event.source.postMessage(result), err => event.source.postMessage(String(err.stack))))`

const values = someValues(12_000, random(1), 700)
let site
let bytes
before(async () => {
  bytes = await fileOf(kinds[0], values)
  site = await openSite({
    get: {
      '/drop': { type: 'text/html', body: drop },
      '/log.offset': { type: 'application/octet-stream', body: Buffer.from(bytes) },
      '/import-worker.mjs': { type: 'text/javascript', body: worker },
      '/import-sw.mjs': { type: 'text/javascript', body: serviceWorker }
    }
  })
})
after(() => site?.close())

// Drops the file that the server has, as the user's own.
async function dropFile (page, selector) {
  const data = await page.evaluateHandle(async () => {
    const data = new DataTransfer()
    data.items.add(new File([await (await fetch('/log.offset')).blob()], 'log.offset'))
    return data
  })
  await page.dispatchEvent(selector, 'drop', { dataTransfer: data })
}

test('a file dropped on a page', { timeout: 120_000 }, async () => {
  const page = await site.newPage()
  try {
    await page.goto(`${site.origin}/drop`)
    await page.waitForFunction(() => window.ready)
    await dropFile(page, 'main')
    await page.waitForFunction(() => window.exported)
    // As texts: what carries values out of a page drops some.
    const { imported, got, exported, last } = await page.evaluate(() => ({ imported, got: JSON.stringify(values), exported, last: progress.at(-1) }))
    assert.deepEqual(imported, { format: 'flumelog-offset', records: values.length, skipped: 0, deleted: 0, bytes: bytes.length })
    assert.deepEqual(JSON.parse(got), asStored(values))
    assert.deepEqual([last.bytes, last.totalBytes, last.records], [bytes.length, bytes.length, values.length])
    assert.deepEqual(exported.trimEnd().split('\n').map(line => JSON.parse(line)), asStored(values))
    assert.deepEqual(page.uncaught, [])
  } finally {
    await page.close()
  }
})

test('a page that is reloaded again and again in the middle of an import', { timeout: 120_000 }, async () => {
  const page = await site.newPage()
  try {
    const [progress, done] = [[], []]
    for (let loads = 0; !done.length; loads++) {
      await page.goto(`${site.origin}/`)
      await page.waitForFunction(() => window.flumedb)
      // The first loads end with the first batch in the log; then one may go on to the end.
      const records = await page.evaluate(async stay => {
        await import('/flumedb-wasm/browser-import.mjs')
        const { Flume, Log } = flumedb
        const db = Flume(Log('reloaded'))
        const file = await (await fetch('/log.offset')).blob()
        const first = new Promise(resolve => db.since(seq => seq >= 0 && resolve(null), false))
        const importing = db.import(file).then(async ({ records, skipped }) => {
          const all = []
          for await (const { value } of db.stream()) all.push(value)
          return { records, skipped, all: JSON.stringify(all) }
        })
        return stay ? importing : Promise.race([first, importing])
      }, loads >= 4)
      if (records) done.push(records)
      else progress.push(loads)
    }
    assert.ok(progress.length > 1)
    const [{ records, skipped, all }] = done
    assert.equal(records + skipped, values.length)
    assert.ok(skipped > 0)
    assert.deepEqual(JSON.parse(all), asStored(values))
  } finally {
    await page.close()
  }
})

test('one import into a log at a time, of all tabs', { timeout: 120_000 }, async () => {
  const [one, other] = [await site.newPage(), await site.newPage()]
  try {
    const start = () => {
      window.stop = new AbortController()
      return import('/flumedb-wasm/browser-import.mjs').then(() => {
        const db = flumedb.Flume(flumedb.Log('locked'))
        window.importing = failure(db.import(new ReadableStream({ pull: () => new Promise(() => {}) }), { signal: stop.signal }))
        return new Promise(resolve => setTimeout(resolve, 100))
      })
    }
    await one.evaluate(start)
    await other.evaluate(start)
    assert.equal((await other.evaluate(() => importing)).code, 'LOCKED')
    assert.equal((await one.evaluate(() => (stop.abort(), importing))).code, 'ABORTED')
    const again = await other.evaluate(() => failure(flumedb.Flume(flumedb.Log('locked')).import(new Blob(['1\n2\n']))))
    assert.equal(again.value.records, 2)
  } finally {
    await one.close()
    await other.close()
  }
})

test('a stream, in a worker and in a service worker', { timeout: 120_000 }, async () => {
  const page = await site.newPage()
  try {
    const result = await page.evaluate(() => new Promise((resolve, reject) => {
      const worker = new Worker('/import-worker.mjs', { type: 'module' })
      worker.onerror = event => reject(new Error(event.message))
      worker.onmessage = ({ data }) => resolve(data)
      worker.postMessage({ log: 'by worker', file: '/log.offset' })
    }))
    assert.deepEqual(result, [values.length, values.length - 1])
    const served = await page.evaluate(async () => {
      const answer = new Promise(resolve => { navigator.serviceWorker.onmessage = ({ data }) => resolve(data) })
      navigator.serviceWorker.startMessages()
      const registration = await navigator.serviceWorker.register('/import-sw.mjs', { type: 'module' })
      await navigator.serviceWorker.ready
      registration.active.postMessage({ log: 'by service worker', file: '/log.offset' })
      const data = await answer
      await registration.unregister()
      return data
    })
    assert.deepEqual(served, [values.length, values.length - 1])
  } finally {
    await page.close()
  }
})

test('without the module, and with a path, it says what is missing', async () => {
  const page = await site.newPage()
  try {
    const missing = await page.evaluate(() => failure(flumedb.Flume(flumedb.Log.memory()).import(new Blob(['1\n']))))
    assert.equal(missing.code, 'INVALID_OPTION')
    assert.match(missing.message, /import 'flumedb-wasm\/import'/)
    const path = await page.evaluate(() => import('/flumedb-wasm/browser-import.mjs').then(() => failure(flumedb.Flume(flumedb.Log.memory()).import('log.offset'))))
    assert.equal(path.code, 'INVALID_OPTION')
    assert.match(path.message, /File/)
  } finally {
    await page.close()
  }
})
