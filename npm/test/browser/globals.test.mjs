// The package on a page leaves the page's globals as they were.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSite } from './site.mjs'

let site
before(async () => { site = await openSite({ get: { '/empty': { type: 'text/html', body: '<!doctype html><link rel="icon" href="data:,">' } } }) })
after(() => site?.close())

test('importing the package and using a log adds no global and changes none', async () => {
  const page = await site.newPage()
  await page.goto(`${site.origin}/empty`)
  const changed = await page.evaluate(async () => {
    const state = () => new Map(Object.entries(Object.getOwnPropertyDescriptors(window)).map(([name, { value, get, set }]) => [name, [value, get, set]]))
    const before = state()
    const { Flume, Log } = await import('/flumedb-wasm/browser.mjs')
    const db = Flume(Log('globals'))
    await db.append({ n: 0 })
    await db.stream().collect()
    await db.close()
    const after = state()
    return [...new Set([...before.keys(), ...after.keys()])].filter(name => before.get(name)?.some((part, i) => !Object.is(part, after.get(name)?.[i])) ?? true)
  })
  assert.deepEqual(changed, [])
  await page.close()
})
