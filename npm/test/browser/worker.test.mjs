// The module in a worker of the page: what the cases of logs and views do not show.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkCrash } from '../crash/wasm-crash-check.mjs'
import { mainThread } from './main-thread.mjs'
import { engine, openSite, unless } from './site.mjs'

const script = body => ({ type: 'text/javascript', body })
let site
before(async () => {
  site = await openSite({
    get: {
      '/crash/': fileURLToPath(new URL('../crash/', import.meta.url)),
      // Crashes when the page says so.
      '/trapped.mjs': script(`
        import { trap } from '/crash/wasm-trap.mjs'
        import '/flumedb-wasm/flumedb-worker.mjs'
        new BroadcastChannel('trap').onmessage = ({ data }) => { trap.set = data }`),
      '/other-build.mjs': script("onmessage = () => postMessage({ build: '0123456789ab', exports: [] })"),
      '/throws.mjs': script("throw new Error('at its start')")
    }
  })
})
after(() => site?.close())

test('a crash in the worker fails what is under way and what follows with WASM, hangs nothing, and the log opens again', { timeout: 120_000 }, async () => {
  const page = await site.newPage()
  checkCrash(await page.evaluate(async () => {
    const channel = new BroadcastChannel('trap')
    const trap = { set set (value) { channel.postMessage(value) } }
    const { crashUnder } = await import('/crash/wasm-crash.mjs')
    return crashUnder({ open: () => flumedb.Flume(flumedb.Log('crashed', { worker: '/trapped.mjs' })), trap })
  }))
  assert.deepEqual(page.uncaught, [])
  await page.close()
})

test('a worker that is not there, one that throws, one of another build, and a module that does not load are refused with WASM', { timeout: 60_000 }, async () => {
  const page = await site.newPage()
  const refused = await page.evaluate(async () => {
    const { Flume, Log } = flumedb
    const results = []
    for (const options of [{ worker: '/nothing.mjs' }, { worker: '/throws.mjs' }, { worker: '/other-build.mjs' }, { worker: true, wasm: '/nothing.wasm' }, { worker: true, wasm: new Uint8Array(8) }]) {
      const db = Flume(Log('refused', options))
      results.push(await failure(db.append({ n: 0 })), await failure(db.stream().collect()))
      await db.close()
    }
    return results
  })
  for (const { code } of refused) assert.equal(code, 'WASM', JSON.stringify(refused))
  assert.match(refused[4].message, /0123456789ab/)
  await page.close()
})

test('its module may be given as an address, a Response, bytes or a Module', { timeout: 60_000 }, async () => {
  const page = await site.newPage()
  assert.deepEqual(await page.evaluate(async () => {
    const { Flume, Log } = flumedb
    const address = '/flumedb-wasm/flumedb.wasm'
    const bytes = async () => new Uint8Array(await (await fetch(address)).arrayBuffer())
    const seqs = []
    for (const wasm of [address, new URL(address, location.href), await fetch(address), await bytes(), await WebAssembly.compile(await bytes())]) {
      const db = Flume(Log('given', { worker: true, wasm }))
      seqs.push(await db.append({ n: seqs.length }))
      await db.close()
    }
    return seqs
  }), [0, 1, 2, 3, 4])
  assert.deepEqual(page.uncaught, [])
  await page.close()
})

test('logs with and without it, in one page, are one log, and those with it share a worker', { timeout: 60_000 }, async () => {
  const page = await site.newPage()
  const { values, workers } = await page.evaluate(async () => {
    const { Flume, Log } = flumedb
    let workers = 0
    const Real = Worker
    globalThis.Worker = class extends Real {
      constructor (...args) {
        super(...args)
        workers++
      }
    }
    const dbs = [{}, { worker: true }, { worker: true }].map(options => Flume(Log('one', options)))
    const all = (async () => {
      const heard = []
      for await (const { value } of dbs[0].stream({ live: true })) if (heard.push(value.n) === 30) return heard
    })()
    for (let n = 0; n < 30; n++) await dbs[n % 3].append({ n })
    const values = await all
    for (const db of dbs) await db.close()
    return { values, workers }
  })
  assert.deepEqual(values, Array.from({ length: 30 }, (_, n) => n))
  assert.equal(workers, 1)
  assert.deepEqual(page.uncaught, [])
  await page.close()
})

test('a page is hardly held up', { timeout: 180_000, ...unless(engine !== 'chromium', 'it does not tell how long a thread was busy') }, async t => {
  const phases = {
    async append () {
      for (let i = 0; i < 100_000; i += 1000) await db.append(Array.from({ length: 1000 }, (_, k) => ({ type: 'abcde'[k % 5], n: i + k, text: 'lorem ipsum '.repeat(10) })))
    },
    async scan () {
      let sum = 0
      for await (const { n } of db.stream({ seqs: false })) sum += n
    },
    async build () {
      const { Reduce, Level } = flumedb
      window.db = open().use('byType', Reduce(1, { count: true, sum: 'n', groupBy: 'type' })).use('byN', Level(1, ['type', 'n']))
      if ((await db.byType.get()).a.count !== 20_001) throw new Error('not all counted')
      await db.byN.read({ limit: 1 }).collect()
    }
  }
  const busy = {}
  for (const worker of [false, true]) {
    const page = await site.newPage()
    await page.evaluate(async worker => {
      window.open = () => flumedb.Flume(flumedb.Log(`held up ${worker}`, { worker }))
      window.db = open()
      await db.append({ type: 'a', n: 0, text: '' }) // so it has been loaded
    }, worker)
    busy[worker] = {}
    for (const [name, run] of Object.entries(phases)) {
      if (name === 'build') await page.evaluate(() => db.close())
      const { all, longest } = busy[worker][name] = await mainThread(site, page, run)
      t.diagnostic(`${name}, ${worker ? 'in a worker' : 'in the page'}: the page was busy for ${Math.round(all)} ms, at most ${longest.toFixed(1)} ms at once`)
    }
    assert.deepEqual(page.uncaught, [])
    await page.close()
  }
  for (const name of ['append', 'build']) assert.ok(busy.true[name].all < 0.8 * busy.false[name].all, `to ${name}, less is done in the page`)
  assert.ok(busy.true.build.longest < 16, 'no frame is missed while views are built')
})
