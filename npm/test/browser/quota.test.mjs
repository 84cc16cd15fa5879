// The origin runs out of room: QUOTA, nothing acknowledged lost, and the next append works once there is room.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSite } from './site.mjs'

// Appends 200 kB of random letters each, which compress little, until an append fails or so many were acknowledged.
const fill = (page, limit) => page.evaluate(async limit => {
  const random = size => Array.from(crypto.getRandomValues(new Uint32Array(size)), n => n.toString(36)).join('')
  window.letters ??= Array.from({ length: 10 }, () => random(16_384)).join('')
  const acked = window.acked ??= []
  for (let i = 0; i < limit; i++) {
    const at = Math.floor(Math.random() * (letters.length - 200_000))
    const pad = letters.slice(at, at + 200_000) + random(2)
    const answer = await failure(db.append({ n: acked.length, pad }))
    if (answer.code) return answer
    acked.push({ seq: answer.value, end: pad.slice(-8) })
  }
  return { acked: limit }
}, limit)
const left = page => page.evaluate(async () => {
  const left = []
  for await (const { seq, value } of db.stream()) left.push({ seq, end: value.pad.slice(-8) })
  return { left, acked: window.acked, damage: (await db.verify()).damage }
})

for (const durability of ['strict', 'relaxed']) {
  test(`a full quota, ${durability}`, { timeout: 180_000 }, async () => {
    // A site of its own: for a while after an append with much room, Chromium does not ask how much is left.
    const site = await openSite()
    try {
      const page = await site.newPage()
      const cdp = await site.cdp(page)
      const { origin } = site
      const open = () => page.evaluate(durability => { window.db = flumedb.Flume(flumedb.Log('quota', { durability })) }, durability)
      await open()

      const { usage } = await cdp.send('Storage.getUsageAndQuota', { origin })
      await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 2_000_000 })
      const failed = await fill(page, 2000)
      assert.equal(failed.code, 'QUOTA')
      let found = await left(page)
      assert.ok(found.acked.length > 0)
      assert.deepEqual(found.left, found.acked, 'what was acknowledged is there, what failed is not')
      assert.deepEqual(found.damage, [])

      await cdp.send('Storage.overrideQuotaForOrigin', { origin })
      assert.deepEqual(await fill(page, 20), { acked: 20 }, 'with room again, the same open log appends')
      await page.evaluate(() => db.close())
      await open()
      found = await left(page)
      assert.deepEqual(found.left, found.acked, 'and all of it is there when the log is opened anew')
      assert.deepEqual(found.damage, [])
      assert.deepEqual(page.uncaught, [])
    } finally {
      await site.close()
    }
  })
}

// In what Chromium keeps its databases: as it does now, and as it is about to.
for (const [database, args] of [['LevelDB', []], ['SQLite', ['--enable-features=IdbSqliteBackingStore']]]) {
  test(`views give their room to the log before an append fails, and answer right throughout: in ${database}`, { timeout: 180_000 }, async () => {
    const site = await openSite({ args })
    try {
      const page = await site.newPage()
      const cdp = await site.cdp(page)
      const { origin } = site
      await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 12_000_000 })
      const result = await page.evaluate(async () => {
        const { Flume, Level, Log, Search } = flumedb
        const open = () => Flume(Log('rescued')).use('words', Search(1, { fields: ['text'] })).use('byKey', Level(1, 'key'), { history: 4 })
        let db = open()
        const heard = []
        db.health(({ state, step, error }) => heard.push([state, step, error?.code].filter(Boolean).join(' ')))
        const random = size => Array.from(crypto.getRandomValues(new Uint32Array(size)), n => n.toString(36)).join(' ')
        const key = n => String(n).padStart(8, '0') + random(20)
        let acked = 0
        let wrong = 0
        let failed
        while (!failed && acked < 100_000) {
          const answer = await failure(db.append(Array.from({ length: 100 }, (_, i) => ({ key: key(acked + i), text: random(20) }))))
          if (answer.code) failed = answer
          else if (answer.value !== acked + 99) wrong++
          else acked += 100
          if (acked % 2000 === 0) {
            const [newest] = await db.byKey.read({ reverse: true, limit: 1 }).collect()
            if (newest.seq !== acked - 1) wrong++
          }
        }
        const stats = await db.stats()
        const keys = (await db.byKey.read({ values: false, keys: false }).collect()).length
        const last = (await db.get(acked - 1)).text.split(' ')[0]
        const found = await db.words.query(last).collect()
        const read = (await db.stream({ values: false }).collect()).length
        const { damage } = await db.verify()
        await db.close()
        db = open()
        const again = (await db.byKey.read({ values: false, keys: false }).collect()).length
        await db.close()
        return { acked, wrong, failed, heard, bytes: stats.bytes, keys, found: found.length, read, damage, again }
      })
      const { acked, heard } = result
      assert.equal(result.failed.code, 'QUOTA')
      assert.equal(result.wrong, 0)
      assert.ok(heard.some(told => /^ok (checkpoints|views)$/.test(told)), `${heard}`)
      assert.equal(heard.at(-1), 'full QUOTA')
      assert.ok(result.bytes > 8_000_000, `the log has been given ${result.bytes} bytes of 12,000,000`)
      assert.deepEqual([result.keys, result.read, result.again], [acked, acked, acked])
      assert.ok(result.found >= 1)
      assert.deepEqual(result.damage, [])
      assert.deepEqual(page.uncaught, [])
    } finally {
      await site.close()
    }
  })
}
