// The origin runs out of room: QUOTA, nothing acknowledged lost, and the next append works once there is room.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSite } from './site.mjs'

let site
before(async () => { site = await openSite() })
after(() => site?.close())

// Appends random bytes, which do not compress, until an append fails or so many were acknowledged.
const fill = (page, limit) => page.evaluate(async limit => {
  const text = () => Array.from(crypto.getRandomValues(new Uint32Array(4096)), n => n.toString(36)).join('')
  const acked = window.acked ??= []
  for (let i = 0; i < limit; i++) {
    const pad = text()
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
    const page = await site.newPage()
    await page.evaluate(durability => { window.db = flumedb.Flume(flumedb.Log(`quota-${durability}`, { durability })) }, durability)
    const cdp = await site.cdp(page)
    const { origin } = site
    const { usage } = await cdp.send('Storage.getUsageAndQuota', { origin })

    assert.deepEqual(await fill(page, 5), { acked: 5 })
    await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 2_000_000 })
    const failed = await fill(page, 2000)
    assert.equal(failed.code, 'QUOTA')
    let found = await left(page)
    assert.deepEqual(found.left, found.acked, 'what was acknowledged is there, what failed is not')
    assert.deepEqual(found.damage, [])

    await cdp.send('Storage.overrideQuotaForOrigin', { origin })
    assert.deepEqual(await fill(page, 20), { acked: 20 }, 'with room again, the same open log appends')
    await page.evaluate(async durability => {
      await db.close()
      window.db = flumedb.Flume(flumedb.Log(`quota-${durability}`, { durability }))
    }, durability)
    found = await left(page)
    assert.deepEqual(found.left, found.acked, 'and all of it is there when the log is opened anew')
    assert.deepEqual(found.damage, [])
    assert.deepEqual(page.uncaught, [])
    await page.close()
  })
}
