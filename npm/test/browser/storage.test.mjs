// db.storage() where it can be asked: what the browser says, and whether it keeps the storage. npm/test/log/cases.mjs has what
// it answers in pages, workers and Node alike.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { engine, openSite, unless } from './site.mjs'

// A service worker that answers what db.storage() says there.
const serviceWorker = `
  import Flume, { Log } from '/flumedb-wasm/browser.mjs'
  addEventListener('message', ({ data, ports: [port] }) => {
    const db = Flume(Log(data.name))
    db.append('x'.repeat(100_000))
      .then(() => db.storage(data.options))
      .finally(() => db.close())
      .then(value => port.postMessage({ value }), error => port.postMessage({ error: String(error) }))
  })`

let site
before(async () => { site = await openSite({ get: { '/service-worker.mjs': { type: 'text/javascript', body: serviceWorker } } }) })
after(() => site?.close())

const ask = (page, options) => page.evaluate(async options => {
  window.db ??= flumedb.Flume(flumedb.Log('storage'))
  return db.storage(options)
}, options)

test('asking for persistence, which the browser grants or not', { timeout: 60_000, ...unless(engine !== 'chromium', 'only a person can grant it') }, async () => {
  const page = await site.newPage()
  const cdp = await site.cdp(page)
  assert.equal((await ask(page)).persisted, false)
  assert.equal((await ask(page, { persist: true })).persisted, false, 'not granted')
  await cdp.send('Browser.grantPermissions', { origin: site.origin, permissions: ['durableStorage'] })
  assert.equal((await ask(page, { persist: true })).persisted, true, 'granted')
  assert.equal((await ask(page)).persisted, true)
  await page.close()
})

test('usage grows with the log', { timeout: 60_000 }, async t => {
  const page = await site.newPage()
  const before = await ask(page)
  if (before.usage === undefined) return t.skip(`${engine}: it does not say how much is used`)
  await page.evaluate(() => db.append(Array.from({ length: 100 }, () => Array.from(crypto.getRandomValues(new Uint32Array(2000))))))
  const after = await ask(page)
  assert.ok(after.usage > before.usage + 1_000_000, `${before.usage} bytes, then ${after.usage}`)
  assert.ok(after.quota > after.usage)
  await page.close()
})

test('in a service worker', { timeout: 60_000 }, async t => {
  const page = await site.newPage()
  const found = await page.evaluate(async () => {
    if (!navigator.serviceWorker) return { missing: 'no service workers' }
    const registration = await navigator.serviceWorker.register('/service-worker.mjs', { type: 'module' }).catch(error => ({ missing: String(error) }))
    if (registration.missing) return registration
    await navigator.serviceWorker.ready
    const { port1, port2 } = new MessageChannel()
    const answer = new Promise(resolve => { port1.onmessage = ({ data }) => resolve(data) })
    registration.active.postMessage({ name: 'in a service worker', options: { persist: true } }, [port2])
    return answer.then(answer => ({ ...answer, told: !!navigator.storage?.estimate }))
  })
  if (found.missing) return t.skip(`${engine}: ${found.missing}`)
  assert.equal(found.error, undefined)
  const { usage, quota, persisted } = found.value
  assert.deepEqual([typeof usage, typeof quota, typeof persisted], found.told ? ['number', 'number', 'boolean'] : ['undefined', 'undefined', 'undefined'])
  await page.close()
})
