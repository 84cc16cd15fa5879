// Sync of logs in IndexedDB with a Go server.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { random, someValues } from '../import/values.mjs'
import { startServer } from '../sync/server.mjs'
import { engine, openSite, unless } from './site.mjs'

// What the tests use on their pages.
const helpers = async () => {
  await import('/flumedb-wasm/browser-sync.mjs')
  window.valuesOf = async db => {
    const all = []
    for await (const value of db.stream({ seqs: false })) all.push(JSON.stringify(value))
    return all
  }
  window.until = async (db, count) => {
    for (let i = 0; i < 500; i++) {
      if ((await valuesOf(db)).length === count) return true
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    throw new Error(`it has ${(await valuesOf(db)).length} records, not ${count}`)
  }
}

const worker = url => `
  import { Flume, Log } from '/flumedb-wasm/browser.mjs'
  import '/flumedb-wasm/browser-sync.mjs'
  self.addEventListener('install', () => self.skipWaiting())
  self.addEventListener('activate', event => event.waitUntil(self.clients.claim()))
  self.addEventListener('sync', event => { if (event.tag === 'notes') event.waitUntil(syncNotes()) })
  async function syncNotes () {
    const db = Flume(Log('background'))
    try {
      await db.sync('${url}')
    } finally {
      await db.close()
    }
  }`

let site
let server
const ends = []
before(async () => {
  server = await startServer({ after: fn => ends.push(fn) })
  site = await openSite({ get: { '/sync-worker.mjs': { type: 'text/javascript', body: worker(server.url) } } })
})
after(async () => {
  await site?.close()
  for (const end of ends.reverse()) await end()
})

async function open () {
  const page = await site.newPage()
  await page.evaluate(helpers)
  return page
}

test('pages and the server hold the same, whichever module their logs were opened in', { timeout: 120_000 }, async () => {
  const page = await open()
  try {
    const got = await page.evaluate(async url => {
      const { Flume, Log } = flumedb
      const [a, b] = [Flume(Log('a')), Flume(Log('b'))]
      await a.append([{ by: 'a', n: 0 }, { by: 'a', n: 1 }])
      await b.append({ by: 'b', n: 0 }) // now it is open in the module without sync
      const results = [await a.sync(url), await b.sync(url), await a.sync(url)]
      const told = [a.since.value, b.since.value]
      await b.del(1)
      await b.sync(url)
      await a.sync(url)
      const seen = await failure(a.get(0))
      const values = [await valuesOf(a), await valuesOf(b)].map(values => values.sort())
      await Promise.all([a.close(), b.close()])
      return { results, told, seen, values }
    }, server.url)
    assert.deepEqual(got.results, [{ pulled: 0, pushed: 2, forked: 0 }, { pulled: 2, pushed: 1, forked: 0 }, { pulled: 1, pushed: 0, forked: 0 }])
    assert.deepEqual(got.told, [2, 2])
    assert.equal(got.seen.code, 'DELETED')
    assert.deepEqual(got.values, [['{"by":"a","n":1}', '{"by":"b","n":0}'], ['{"by":"a","n":1}', '{"by":"b","n":0}']])
    assert.deepEqual(page.uncaught ?? [], [])
  } finally {
    await page.close()
  }
})

test('a page that is closed in the middle of a large pull goes on in the next one, and has each record once', { timeout: 120_000 }, async () => {
  const large = await startServer({ after: fn => ends.push(fn) })
  const values = someValues(12_000, random(3), 700)
  await fetch(`${large.url}records`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(values) })
  const stored = (await (await fetch(`${large.url}records?seqs=false`)).text()).trimEnd().split('\n').map(text => JSON.stringify(JSON.parse(text)))
  const loads = []
  for (let done; !done;) {
    const page = await open()
    try {
      const had = await page.evaluate(() => (window.db = flumedb.Flume(flumedb.Log('reloaded')), new Promise(resolve => db.since.once(resolve))))
      done = await page.evaluate(async ({ url, stay }) => {
        const begun = db.since.value
        const moved = new Promise(resolve => db.since(seq => seq > begun && resolve(null), false))
        const all = db.sync(url).then(async ({ pulled }) => ({ pulled, values: await valuesOf(db) }))
        return stay ? all : Promise.race([moved, all])
      }, { url: large.url, stay: loads.length >= 3 })
      loads.push(had + 1)
    } finally {
      await page.close()
    }
    if (done) {
      assert.equal(done.pulled, stored.length - loads.at(-1))
      assert.deepEqual(done.values, stored)
    }
  }
  assert.ok(loads.length > 1 && loads.at(-1) > 0, `it was loaded with ${loads}`)
})

test('live in two tabs of one log: one of them syncs, both hear, and append', { timeout: 120_000 }, async () => {
  const shared = await startServer({ after: fn => ends.push(fn) })
  const tabs = [await open(), await open()]
  try {
    for (const tab of tabs) {
      await tab.evaluate(url => {
        window.requests = 0
        window.db = flumedb.Flume(flumedb.Log('tabs'))
        window.syncing = db.sync(url, { live: true, fetch: (...args) => (requests++, fetch(...args)) })
      }, shared.url)
    }
    await Promise.all(tabs.map((tab, i) => tab.evaluate(async i => { for (let n = 0; n < 20; n++) await db.append({ tab: i, n }) }, i)))
    await fetch(`${shared.url}records`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"server":1}' })
    await Promise.all(tabs.map(tab => tab.evaluate(() => until(db, 41))))
    const requests = await Promise.all(tabs.map(tab => tab.evaluate(() => window.requests)))
    assert.ok(requests.includes(0), `requests: ${requests}`)
    // When that one goes the other takes over.
    const [syncing] = tabs.splice(requests.indexOf(0) === 0 ? 1 : 0, 1)
    await syncing.close()
    await tabs[0].evaluate(() => db.append({ last: true }))
    for (let i = 0; ; i++) {
      const text = await (await fetch(`${shared.url}records?seqs=false`)).text()
      const lines = text.trimEnd().split('\n')
      if (lines.length === 42) {
        assert.equal(new Set(lines).size, 42)
        break
      }
      assert.ok(i < 200, `the server has ${lines.length} records`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    assert.deepEqual(await tabs[0].evaluate(async () => { await db.close(); return (await syncing).pulled }), 0)
  } finally {
    for (const tab of tabs) await tab.close()
  }
})

const chromium = unless(engine !== 'chromium', 'the network is taken away by the DevTools protocol')

test('what is appended offline goes out when there is a connection again', { timeout: 120_000, ...chromium }, async () => {
  const own = await startServer({ after: fn => ends.push(fn) })
  const page = await open()
  const cdp = await site.cdp(page)
  const network = offline => cdp.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 })
  try {
    await cdp.send('Network.enable')
    await page.evaluate(url => {
      window.errors = []
      window.db = flumedb.Flume(flumedb.Log('offline'))
      db.sync(url, { live: true, onProgress: progress => {
        if (progress.error) errors.push(progress.error.code)
        window.pushed = progress.pushed
      } })
    }, own.url)
    await page.evaluate(() => db.append(1))
    await page.waitForFunction(() => window.pushed === 1)
    await own.kill()
    await network(true)
    await page.evaluate(() => db.append([2, 3]))
    await page.waitForFunction(() => errors.filter(code => code === 'TIMEOUT').length > 2)
    await own.start()
    await network(false) // which the page is told, and so does not wait for its next try
    for (let i = 0; ; i++) {
      const text = await (await fetch(`${own.url}records?seqs=false`)).text()
      if (text === '1\n2\n3\n') break
      assert.ok(i < 200, text)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    await page.evaluate(() => db.close())
  } finally {
    await page.close()
  }
})

test('a service worker syncs in the background what the page could not', { timeout: 120_000, ...chromium }, async () => {
  const page = await open()
  const cdp = await site.cdp(page)
  try {
    await page.evaluate(async () => {
      await navigator.serviceWorker.register('/sync-worker.mjs', { type: 'module' })
      await navigator.serviceWorker.ready
      const db = flumedb.Flume(flumedb.Log('background'))
      await db.append({ background: true })
      await db.close()
    })
    let registrationId
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => (registrationId ??= registrations.find(({ scopeURL }) => scopeURL.startsWith(site.origin))?.registrationId))
    await cdp.send('ServiceWorker.enable')
    for (let i = 0; !registrationId && i < 100; i++) await new Promise(resolve => setTimeout(resolve, 50))
    await cdp.send('ServiceWorker.dispatchSyncEvent', { origin: site.origin, registrationId, tag: 'notes', lastChance: false })
    for (let i = 0; ; i++) {
      const text = await (await fetch(`${server.url}records?seqs=false`)).text()
      if (text.includes('{"background":true}')) break
      assert.ok(i < 200, text)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  } finally {
    await page.close()
  }
})
