// The database goes from under an open log: the browser's storage is cleared, another tab deletes or upgrades it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { engine, openSite, unless } from './site.mjs'

let site
before(async () => { site = await openSite() })
after(() => site?.close())

// Opens a log with one record on the page, as window.db.
const open = (page, name) => page.evaluate(async name => {
  window.db = flumedb.Flume(flumedb.Log(name))
  return db.append({ n: 0 })
}, name)
const append = (page, n) => page.evaluate(n => failure(db.append({ n })), n)
const read = page => page.evaluate(() => failure(db.stream({ seqs: false }).collect()))
// What a page finds that opens the log anew, appends and reads.
const startAgain = (page, name) => page.evaluate(async name => {
  const { Flume, Log } = flumedb
  const db = Flume(Log(name))
  const seq = await db.append({ again: true })
  const records = await db.stream({ seqs: false }).collect()
  await db.close()
  return { seq, records }
}, name)

for (const [how, vanish, needs] of [
  ['the storage of the site is cleared', async (page) => {
    const cdp = await site.cdp(page)
    await cdp.send('Storage.clearDataForOrigin', { origin: site.origin, storageTypes: 'indexeddb' })
  }, unless(engine !== 'chromium', 'only a person can clear the storage of a site')],
  ['another tab deletes the database', async (page, name) => {
    const other = await site.newPage()
    await other.evaluate(name => new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name)
      request.onsuccess = resolve
      request.onerror = () => reject(request.error)
    }), name)
    await other.close()
  }],
  ['another tab deletes the log with Log.delete', async (page, name) => {
    const other = await site.newPage()
    await other.evaluate(name => flumedb.Log.delete(name), name)
    await other.close()
  }]
]) {
  test(`${how}: what is open fails with GONE and acknowledges nothing, and opened anew the log is empty and works`, { timeout: 60_000, ...needs }, async () => {
    const name = how.replace(/\W+/g, '-')
    const page = await site.newPage()
    assert.equal(await open(page, name), 0)
    const [database] = await page.evaluate(async name => (await indexedDB.databases()).filter(database => database.name.includes(name)), name)
    await vanish(page, database.name)

    assert.equal((await append(page, 1)).code, 'GONE')
    // What was read before may still be in the log's cache; nothing else is answered.
    const { code, value } = await read(page)
    if (code !== 'GONE') assert.deepEqual(value, [{ n: 0 }])
    assert.deepEqual(await startAgain(page, name), { seq: 0, records: [{ again: true }] })
    assert.equal((await append(page, 2)).code, 'GONE', 'what was open on the log that is gone does not write into the new one')
    await page.evaluate(() => failure(db.close()))
    assert.deepEqual(page.uncaught, [])
    await page.close()
  })
}

test('another tab upgrades the database: the log fails with a type, loses nothing, and nobody waits for it', { timeout: 60_000 }, async () => {
  const page = await site.newPage()
  assert.equal(await open(page, 'upgraded'), 0)
  const other = await site.newPage()
  const stores = await other.evaluate(name => new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 99)
    request.onblocked = () => reject(new Error('blocked by the open log'))
    request.onerror = () => reject(request.error)
    request.onsuccess = () => {
      resolve([...request.result.objectStoreNames])
      request.result.close()
    }
  }), 'upgraded')
  assert.ok(stores.length > 0, 'the upgrade found the database of the log')
  assert.equal((await append(page, 1)).code, 'VERSION')
  const records = await other.evaluate(name => new Promise((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onerror = () => reject(request.error)
    request.onsuccess = () => {
      const count = request.result.transaction('tail').objectStore('tail').count()
      count.onsuccess = () => resolve(count.result)
    }
  }), 'upgraded')
  assert.equal(records, 1, 'what was appended before is there')
  await page.close()
  await other.close()
})
