// The module of docs/writing-views.md in a page: one that a user has compiled for Node and for browsers.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeOwnModule } from '../own-module.mjs'
import { openSite } from './site.mjs'

const folder = mkdtempSync(join(tmpdir(), 'flumedb-own-'))
let site
before(async () => {
  const { build } = await makeOwnModule(folder)
  await build()
  site = await openSite({ get: { '/notes.wasm': { type: 'application/wasm', body: readFileSync(join(folder, 'notes.wasm')) } } })
}, { timeout: 900_000 })
after(async () => {
  await site?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a view of a module of ones own, beside those that come with the package, in IndexedDB', { timeout: 120_000 }, async () => {
  const page = await site.newPage()
  const got = await page.evaluate(async () => {
    const { Flume, Log, Search, nativeView } = flumedb
    const open = () => Flume(Log('notes', { wasm: '/notes.wasm' }))
      .use('longest', nativeView({ kind: 'longest', version: 1, options: { path: 'text', keep: 3 }, methods: { top: 'async', read: 'async' } }))
      .use('words', Search(1, { fields: 'text' }))
    let db = open()
    const texts = ['one', 'the longest of them', 'three', 'another one']
    await db.append(texts.map(text => ({ text })))
    const first = await db.longest.top(10)
    const found = await db.words.query('one').collect()
    await db.close()
    db = open()
    const again = await db.longest.read(2)
    const both = await db.read(['longest', 'words'], async (longest, words) => [(await longest.top(1))[0].seq, (await words.query('longest').collect()).length])
    await db.close()
    const modules = performance.getEntriesByType('resource').map(entry => entry.name.split('/').at(-1)).filter(name => name.endsWith('.wasm'))
    await Log.delete('notes')
    return { first, found, again, both, modules }
  })
  assert.deepEqual(got, {
    first: [{ seq: 1, length: 19 }, { seq: 3, length: 11 }, { seq: 2, length: 5 }],
    found: [{ text: 'another one' }, { text: 'one' }],
    again: [{ text: 'the longest of them' }, { text: 'another one' }],
    both: [1, 1],
    modules: ['notes.wasm']
  })
  await page.close()
})
