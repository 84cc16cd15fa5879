// The wasm crashes under an open log on a page.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkCrash } from '../crash/wasm-crash-check.mjs'
import { openSite } from './site.mjs'

let site
before(async () => { site = await openSite({ get: { '/crash/': fileURLToPath(new URL('../crash/', import.meta.url)) } }) })
after(() => site?.close())

test('a crash fails what is under way and what follows with WASM, hangs nothing, and the log opens again', { timeout: 120_000 }, async () => {
  const page = await site.newPage()
  checkCrash(await page.evaluate(async () => {
    const { trap } = await import('/crash/wasm-trap.mjs') // no module has been started yet
    const { crashUnder } = await import('/crash/wasm-crash.mjs')
    return crashUnder({ open: () => flumedb.Flume(flumedb.Log('crashed')), trap })
  }))
  // A crash inside an event of the browser's is reported as uncaught too, as it should be.
  assert.deepEqual(page.uncaught.filter(error => error.message !== 'the trap'), [])
  await page.close()
})

test('a crash inside an event of the browser fails the append that waited for it', { timeout: 60_000 }, async () => {
  const page = await site.newPage()
  const answer = await page.evaluate(async () => {
    const { trap } = await import('/crash/wasm-trap.mjs')
    const db = flumedb.Flume(flumedb.Log('crashed-in-event'))
    await db.append({ n: 0 })
    const append = failure(db.append({ n: 1 }))
    for (let i = 0; i < 5; i++) await null // the append is with the browser now, and nobody calls the wasm until it answers
    trap.set = true
    return Promise.race([append, new Promise(resolve => setTimeout(resolve, 10_000, { hangs: true }))])
  })
  assert.equal(answer.code, 'WASM', JSON.stringify(answer))
  await page.close()
})
