// A damaged value in the database: a typed error that says where, and all else is readable.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSite } from './site.mjs'

let site
before(async () => { site = await openSite() })
after(() => site?.close())

// Small commits are in the tail, larger ones where they will stay.
for (const [where, padding] of [['tail', 0], ['segments', 40_000]]) {
  test(`a flipped bit in ${where} is CORRUPT with its segment and seq; the records of other segments and later appends are there`, async () => {
    const page = await site.newPage()
    const result = await page.evaluate(async ([where, padding]) => {
      const { Flume, Log } = flumedb
      const done = request => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
      const name = `damaged ${where}`
      let db = Flume(Log(name))
      for (let n = 0; n < 5; n++) await db.append({ n, padding: 'x'.repeat(padding) })
      await db.close()

      const database = await done(indexedDB.open(name))
      const store = database.transaction(where, 'readwrite').objectStore(where)
      const key = (await done(store.getAllKeys()))[2]
      const value = await done(store.get(key))
      value[60] ^= 1 // within the records
      await done(store.put(value, key))
      database.close()

      db = Flume(Log(name))
      const gets = []
      for (let n = 0; n < 5; n++) gets.push(await failure(db.get(n).then(value => value.n)))
      const streamed = await failure(db.stream().collect())
      const { records, damage } = await db.verify()
      const appended = await db.append({ n: 5 })
      await db.close()
      return { gets, streamed, records, damage, appended }
    }, [where, padding])
    assert.equal(result.gets[2].code, 'CORRUPT')
    assert.equal(result.gets[2].seq, 2)
    assert.equal(typeof result.gets[2].segment, 'string')
    for (const n of [0, 1, 3, 4]) assert.equal(result.gets[n].value, n)
    assert.equal(result.streamed.code, 'CORRUPT')
    assert.equal(result.streamed.seq, 2)
    assert.equal(result.records, 4)
    assert.deepEqual(result.damage.map(({ first, last }) => [first, last]), [[2, 2]])
    assert.equal(result.appended, 5)
    assert.deepEqual(page.uncaught, [])
  })
}
