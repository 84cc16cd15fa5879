// The cases of the views that run in the module, in a page and with the module in a worker of it; which module is fetched; and that a page stays alive.

import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { cases as bloom } from '../views/bloom-cases.mjs'
import { cases as hashtable } from '../views/hashtable-cases.mjs'
import { cases as level } from '../views/level-cases.mjs'
import { cases as links } from '../views/links-cases.mjs'
import { cases as mounted } from '../views/mounted-cases.mjs'
import { cases as past } from '../views/past-cases.mjs'
import { cases as query } from '../views/query-cases.mjs'
import { cases as reduce } from '../views/reduce-cases.mjs'
import { cases as search } from '../views/search-cases.mjs'
import { cases as together } from '../views/together-cases.mjs'
import { engine, openSite, sharedPage, unless } from './site.mjs'

const runner = `
  import * as flumedb from '/flumedb-wasm/browser.mjs'
  import { run, seed } from '/views/checks.mjs'
  import { withOptions } from '/log/options.mjs'
  globalThis.runCase = async (file, title, options) => {
    const { cases } = await import('/views/' + file)
    const names = []
    const name = () => {
      names.push(title + ' ' + names.length)
      return names.at(-1)
    }
    await run(cases[title], { ...flumedb, Log: withOptions(flumedb.Log, options), name, seed, atOnce: !options.worker }).catch(err => {
      throw new Error('SEED=' + seed + ' ' + err + ' ' + err.stack)
    })
    for (const made of names) await flumedb.Log.delete(made)
  }`

let site
before(async () => {
  site = await openSite({
    get: {
      '/views/': fileURLToPath(new URL('../views/', import.meta.url)),
      '/log/': fileURLToPath(new URL('../log/', import.meta.url)),
      '/runner.mjs': { type: 'text/javascript', body: runner }
    }
  })
})
after(() => site?.close())

const inPage = async (run, ...args) => {
  const page = await site.newPage()
  try {
    return await page.evaluate(run, ...args)
  } finally {
    await page.close()
  }
}

const atOnce = new Set(['answers from what it has built, after reading the log once', 'a declared index gives the order'])

// How calls go to a worker and come back is the same for all views, and the views are the same module: the other engines carry
// one of each kind of call, with JavaScript that Go calls, views that outgrow memory, and several at one seq.
const inWorker = file => engine === 'chromium' || ['reduce-cases.mjs', 'level-cases.mjs', 'mounted-cases.mjs', 'together-cases.mjs'].includes(file)

for (const [file, cases] of Object.entries({ 'reduce-cases.mjs': reduce, 'level-cases.mjs': level, 'links-cases.mjs': links, 'hashtable-cases.mjs': hashtable, 'bloom-cases.mjs': bloom, 'search-cases.mjs': search, 'query-cases.mjs': query, 'mounted-cases.mjs': mounted, 'together-cases.mjs': together, 'past-cases.mjs': past }))
  describe(file, () => {
    for (const [where, options] of [['', {}], [', with the module in a worker', { worker: true }]]) {
      const page = sharedPage(() => site.newPage())
      after(() => page.close())
      if (options.worker && !inWorker(file)) {
        test(`all of them${where}`, unless(true, 'Chromium runs these, whose calls are carried to a worker as those of other files are'))
        continue
      }
      for (const title of Object.keys(cases))
        test(title + where, { timeout: 180_000, ...(options.worker && atOnce.has(title) && { skip: 'explain answers at once, which it cannot of a view in a worker' }) }, () => page.run(async ([file, title, options]) => {
          await import('/runner.mjs')
          await runCase(file, title, options)
        }, [file, title, options]))
    }
  })

test('the module with the views is fetched only where they are used', { timeout: 180_000 }, async () => {
  const fetched = await inPage(async () => {
    const { Flume, Log, Reduce } = flumedb
    const modules = () => performance.getEntriesByType('resource').map(entry => entry.name.split('/').at(-1)).filter(name => name.endsWith('.wasm'))
    const all = []
    const without = Flume(Log('modules')).use('mine', Reduce(1, acc => (acc ?? 0) + 1))
    await without.append([{ n: 1 }, { n: 2 }])
    all.push(await without.mine.get(), modules())

    // It was opened without: the view runs beside it, and is as good as any.
    without.use('late', Reduce(1, { sum: 'n' }))
    all.push(await without.late.get(), modules())
    for (let n = 3; n < 30; n++) {
      await without.append({ n })
      if (await without.late.get() !== (n * (n + 1)) / 2) all.push(`wrong after ${n}`)
    }
    await without.close()

    const again = Flume(Log('modules')).use('late', Reduce(1, { sum: 'n' }))
    all.push(await again.late.get(), modules())
    await again.close()
    await Log.delete('modules')
    return all
  })
  assert.deepEqual(fetched, [2, ['flumedb.wasm'], 3, ['flumedb.wasm', 'flumedb-views.wasm'], 435, ['flumedb.wasm', 'flumedb-views.wasm']])
  const first = await inPage(async () => {
    const { Flume, Log, Reduce } = flumedb
    const db = Flume(Log('first')).use('sum', Reduce(1, { sum: 'n' }))
    await db.append({ n: 1 })
    const sum = await db.sum.get()
    await db.close()
    await Log.delete('first')
    return [sum, performance.getEntriesByType('resource').map(entry => entry.name.split('/').at(-1)).filter(name => name.endsWith('.wasm'))]
  })
  assert.deepEqual(first, [1, ['flumedb-views.wasm']])
})

test('views that are mounted at once are read in one transaction', { timeout: 180_000 }, async () => {
  const seen = await inPage(async () => {
    const { Flume, Log, Hashtable, Level, Reduce } = flumedb
    let reads = 0
    const begin = IDBDatabase.prototype.transaction
    IDBDatabase.prototype.transaction = function (stores, mode, ...rest) {
      if (stores === 'checkpoints' && mode === 'readonly') reads++
      return begin.call(this, stores, mode, ...rest)
    }
    const open = () => Flume(Log('together')).use('sum', Reduce(1, { sum: 'n' })).use('level', Level(1, 'n')).use('table', Hashtable(1, 'n'))
    let db = open()
    await db.append(Array.from({ length: 10 }, (_, n) => ({ n })))
    await Promise.all([db.sum.get(), db.level.get(3), db.table.get(3)])
    await db.close()
    reads = 0
    db = open()
    const answers = [await db.sum.get(), (await db.level.get(3)).n, (await db.table.get(3)).n]
    const mounted = [...db.views].map(({ view, seq }) => [view, seq])
    await db.close()
    await Log.delete('together')
    return { reads, answers, mounted }
  })
  assert.deepEqual(seen, { reads: 1, answers: [45, 3, 3], mounted: ['sum', 'level', 'table'].map(view => [view, 9]) })
})

test('a page has its turns while views are built', { timeout: 180_000 }, async () => {
  const { turns, count, sum } = await inPage(async () => {
    const { Flume, Log, Reduce } = flumedb
    let db = Flume(Log('long'))
    for (let i = 0; i < 40_000; i += 1000)
      await db.append(Array.from({ length: 1000 }, (_, k) => ({ type: 'abcde'[k % 5], n: i + k, text: 'lorem ipsum '.repeat(40) })))
    await db.close()
    const { port1, port2 } = new MessageChannel()
    let turns = 0
    let watching = true
    port1.onmessage = () => {
      turns++
      if (watching) port2.postMessage(0)
    }
    db = Flume(Log('long')).use('byType', Reduce(1, { count: true, sum: 'n', groupBy: 'type' })).use('all', Reduce(1, { distinct: 'n', stdev: 'n' }))
    await db.all.get({ since: 0, meta: false })
    port2.postMessage(0)
    const state = await db.byType.get()
    await db.all.get()
    watching = false
    await db.close()
    await Log.delete('long')
    return { turns, count: state.a.count, sum: state.a.sum }
  })
  assert.equal(count, 8000)
  assert.equal(sum, 8000 * 7999 / 2 * 5)
  assert.ok(turns > 5, `${turns} turns`)
})
