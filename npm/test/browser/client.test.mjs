// flumedb-wasm/client: the API of a database in the page, over requests to a service worker.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openSite, unless } from './site.mjs'

const views = `export const views = {
  types: { kind: 'reduce', version: 1, options: { count: true, groupBy: 'type' } },
  byN: { kind: 'level', version: 1, options: { keys: ['n'] } },
  byType: { kind: 'hashtable', version: 1, options: { key: 'type' } },
  maybe: { kind: 'bloom', version: 1, options: { key: 'n' } },
  words: { kind: 'search', version: 1, options: { fields: ['text'] } },
  follows: { kind: 'links', version: 1, options: { indexes: [{ key: 'FT', value: ['from', 'to'] }], links: { from: 'from', to: 'to' } } },
  any: { kind: 'query', version: 1, options: { indexes: [{ key: 'n', value: ['n'] }] } }
}`
const worker = `
  import { serve } from '/flumedb-wasm/service-worker.mjs'
  import { views } from '/views.mjs'
  const served = serve({ name: 'client', prefix: '/db/', views })
  oninstall = () => skipWaiting()
  onactivate = event => event.waitUntil(clients.claim())
  onmessage = ({ ports: [port] }) => served.stats().then(stats => port.postMessage(stats))
`
const setup = `
  window.start = async () => {
    await navigator.serviceWorker.register('/worker.mjs', { type: 'module' })
    if (!navigator.serviceWorker.controller) await new Promise(resolve => (navigator.serviceWorker.oncontrollerchange = resolve))
    const { connect } = await import('/flumedb-wasm/client.mjs')
    window.views = (await import('/views.mjs')).views
    window.connect = connect
    window.db = connect('/db/', { views })
  }
  window.code = promise => promise.then(() => 'none', error => error.code)
  window.thrown = fn => { try { fn() } catch (error) { return error.code } }
  window.until = async holds => {
    for (const end = performance.now() + 20_000; !await holds(); await new Promise(resolve => setTimeout(resolve, 10)))
      if (performance.now() > end) throw new Error('not so after 20 s: ' + holds)
  }
  window.open = () => new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }) => resolve(data.open)
    navigator.serviceWorker.controller.postMessage('stats', [port2])
  })
`
const site = await openSite({
  get: { '/worker.mjs': { type: 'text/javascript', body: worker }, '/views.mjs': { type: 'text/javascript', body: views } }
})
after(() => site.close())
const page = await site.newPage()
const workers = { timeout: 60_000, ...unless(await page.evaluate(() => !('serviceWorker' in navigator)), 'it has no navigator.serviceWorker') }
if (!workers.skip) {
  await page.addScriptTag({ content: setup })
  await page.evaluate(() => start())
}

test('appends are answered in order, and since has moved by then', workers, async () => {
  const { first, unset, answers, back, errors, empty } = await page.evaluate(async () => {
    const unset = db.since.value
    const first = await db.loaded()
    const answers = []
    const one = i => db.append(i % 3 ? { n: i, type: i % 2 ? 'odd' : 'even', text: `number ${i}` } : [{ n: i, type: 'third', text: 'a third' }, { n: 100 + i }])
      .then(seq => answers.push([i, seq, db.since.value >= seq]))
    await Promise.all(Array.from({ length: 30 }, (_, i) => one(i)))
    const back = await new Promise((resolve, reject) => db.append({ n: 1000 }, (err, seq) => err ? reject(err) : db.get(seq, (err, value) => err ? reject(err) : resolve(value))))
    const gone = new AbortController()
    const bad = [db.append([1, undefined]), db.append(Object.assign([], { 0: 1n })), db.append({}, { signal: AbortSignal.abort() }), db.get(-1), db.get('x'), db.get(1e6)]
    const errors = await Promise.all(bad.map(code))
    const leaving = db.append({ n: 'left' }, { signal: gone.signal })
    gone.abort()
    errors.push(await code(leaving), thrown(() => db.stream({ gtt: 1 })), thrown(() => connect('/db')), thrown(() => connect('/db/', { views: { since: { kind: 'level' } } })), thrown(() => connect('/db/', { views: { x: { kind: 'y' } } })))
    return { first, unset, answers, back, errors, empty: await db.append([]) >= 40 }
  })
  assert.deepEqual([unset, first, empty], [undefined, -1, true])
  let seq = -1
  assert.deepEqual(answers, Array.from({ length: 30 }, (_, i) => [i, seq += i % 3 ? 1 : 2, true]))
  assert.deepEqual(back, { n: 1000 })
  assert.deepEqual(errors, ['INVALID_RECORD', 'INVALID_RECORD', 'ABORTED', 'NOT_FOUND', 'INVALID_OPTION', 'NOT_FOUND', 'ABORTED', 'INVALID_OPTION', 'INVALID_OPTION', 'INVALID_OPTION', 'INVALID_OPTION'])
})

test('one append that is refused leaves the others of its request', workers, async () => {
  assert.deepEqual(await page.evaluate(async () => {
    const deep = JSON.parse('['.repeat(1500) + ']'.repeat(1500))
    const from = await db.append({ n: 'before' })
    return Promise.all([db.append({ n: 'a' }), db.append([deep]), db.append({ n: 'b' })].map(append => append.then(seq => seq - from, error => error.code)))
  }), [1, 'INVALID_RECORD', 2])
})

test('a stream is a pull-stream, an iterable, an observable and a ReadableStream', workers, async () => {
  const read = await page.evaluate(async () => {
    const pull = source => new Promise((resolve, reject) => {
      const all = []
      const next = () => source(null, (end, item) => end ? (end === true ? resolve(all) : reject(end)) : (all.push(item), next()))
      next()
    })
    const options = { gte: 1, lte: 4 }
    const items = await pull(db.stream(options))
    const observed = await new Promise((resolve, reject) => {
      const all = []
      db.stream({ ...options, values: false }).subscribe({ next: seq => all.push(seq), complete: () => resolve(all), error: reject })
    })
    const reader = db.stream({ ...options, seqs: false, reverse: true }).toReadableStream().getReader()
    const streamed = []
    for (let read; !(read = await reader.read()).done;) streamed.push(read.value.n)
    const iterated = []
    for await (const { seq } of db.stream({ gt: 3 })) {
      iterated.push(seq)
      if (iterated.length === 3) break
    }
    // The record before the end of a live range is deleted: the stream ends all the same.
    const end = await db.append([{ n: 'x' }, { n: 'y' }])
    await db.del(end)
    const bounded = await db.stream({ gte: end - 1, lte: end, live: true, values: false }).collect()
    return { items: items.map(({ seq, value }) => [seq, value.n]), observed, streamed, iterated, bounded: bounded.map(seq => seq - end), limited: await db.stream({ limit: 2, values: false }).collect() }
  })
  assert.deepEqual(read, { items: [[1, 100], [2, 1], [3, 2], [4, 3]], observed: [1, 2, 3, 4], streamed: [3, 2, 1, 100], iterated: [4, 5, 6], bounded: [-1], limited: [0, 1] })
})

test('since tells of what others append while somebody listens', workers, async () => {
  const { heard, once, stale, iterated } = await page.evaluate(async () => {
    const other = connect('/db/')
    const start = await db.loaded()
    const heard = []
    const off = db.since(seq => heard.push(seq - start))
    const iterator = db.since[Symbol.asyncIterator]()
    await iterator.next()
    await until(async () => await open() === 1)
    const once = new Promise(resolve => db.since.once(resolve, false))
    const next = iterator.next()
    const seq = await other.append({ n: 'other' })
    const told = [await once - seq, (await next).value - seq]
    off()
    await iterator.return()
    await until(async () => await open() === 0)
    await other.append({ n: 'unheard' })
    return { heard, once: told[0], iterated: told[1], stale: db.since.value - seq }
  })
  assert.deepEqual({ heard, once, iterated, stale }, { heard: [0, 1], once: 0, iterated: 0, stale: 0 })
})

test('views answer as those of a page do', workers, async () => {
  const asked = await page.evaluate(async () => {
    // The same in the page, on the same log.
    const { Flume, Log, Reduce, Level, Hashtable, Bloom, Search, Links, Query } = flumedb
    const own = Flume(Log('client'))
      .use('types', Reduce(1, views.types.options)).use('byN', Level(1, views.byN.options)).use('byType', Hashtable(1, views.byType.options))
      .use('maybe', Bloom(1, 'n')).use('words', Search(1, views.words.options)).use('follows', Links(1, views.follows.options)).use('any', Query(1, views.any.options))
    await db.append([{ n: 7, type: 'again', text: 'number seven' }, { from: 'ann', to: 'bob' }, { from: 'ann', to: 'cy' }])
    const questions = {
      count: db => db.types.get(),
      countAt: db => db.types.get({ since: -1 }).then(({ seq }) => typeof seq),
      states: db => db.types.stream().collect(),
      get: db => db.byN.get(7),
      none: db => code(db.byN.get(12345)),
      getBack: db => new Promise(resolve => db.byN.get(7, (err, value, seq) => resolve([err, value, typeof seq]))),
      range: db => db.byN.read({ gte: 3, lt: 9, reverse: true }).collect(),
      seqs: db => db.byN.read({ gte: 3, keys: false, values: false, limit: 3 }).collect(),
      wrong: db => { try { db.byN.read({ gtt: 1 }); return code(db.byN.read({ gtt: 1 }).collect()) } catch (error) { return error.code } },
      byType: db => db.byType.get('again'),
      noType: db => code(db.byType.get('none')),
      ofType: db => db.byType.read({ key: 'third', seqs: false, limit: 3 }).collect(),
      has: db => Promise.all([db.maybe.has(7), db.maybe.has('no, surely')]),
      words: db => db.words.query('number').collect(),
      wordsSeqs: db => db.words.query({ query: 'third', values: false, limit: 2 }).collect(),
      links: db => db.follows.read({ query: { from: 'ann' }, live: false }).collect(),
      query: db => db.any.read({ query: [{ $filter: { n: { $gt: 20, $lt: 25 } } }, { $map: { n: 'n' } }] }).collect(),
      explain: async db => (await db.any.explain({ query: { n: 7 } })).index,
      views: db => Object.keys(db.views).filter(name => db.views[name] === db[name]).length
    }
    const answers = {}
    const safe = async (ask, db) => { try { return await ask(db) } catch (error) { return String(error) } }
    for (const [name, ask] of Object.entries(questions)) answers[name] = [await safe(ask, own), await safe(ask, db)]
    await own.close()
    return answers
  })
  for (const [name, [own, client]] of Object.entries(asked)) assert.deepEqual(client, own, name)
  assert.equal(asked.words[1].length > 5, true)
})

test('views are live', workers, async () => {
  const live = await page.evaluate(async () => {
    const other = connect('/db/')
    let begun = 0 // streams that know the newest seq, behind which they tell all
    const db = connect('/db/', {
      views,
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        if (String(url).endsWith('/since') && !init.headers) begun++
        return response
      }
    })
    const heard = { level: [], words: [], query: [], state: [] }
    const off = db.types.value(state => heard.state.push(state.live ?? 0))
    const subs = [
      db.byN.read({ gte: 5000, lt: 5004, live: true, sync: false, values: false, seqs: false }).subscribe(key => heard.level.push(key)),
      db.words.query({ query: 'lively', old: false }).subscribe(value => heard.words.push(value.n)),
      db.any.read({ query: { type: 'live' }, old: false }).subscribe(value => heard.query.push(value.n))
    ]
    await until(async () => heard.state.length && begun === 3 && await open() >= 1)
    for (const n of [5001, 5002, 5003]) await other.append({ n, type: 'live', text: 'a lively one' })
    await until(() => heard.level.length === 3 && heard.words.length === 3 && heard.query.length === 3 && heard.state.at(-1) === 3)
    const after = await db.byN.get(5004, { since: await db.loaded() }).catch(error => error.code)
    const waiting = db.byN.get(5004, { since: db.since.value + 1 })
    await other.append({ n: 5004 })
    const waited = (await waiting).n
    for (const sub of subs) sub.unsubscribe()
    off()
    await until(async () => await open() === 0)
    return { ...heard, state: heard.state[0], after, waited }
  })
  assert.deepEqual(live, { level: [5001, 5002, 5003], words: [5001, 5002, 5003], query: [5001, 5002, 5003], state: 0, after: 'NOT_FOUND', waited: 5004 })
})

test('close ends what is open, and appends under way are answered', workers, async () => {
  const closed = await page.evaluate(async () => {
    const client = connect('/db/', { views })
    const live = client.stream({ gt: await client.loaded(), live: true }).collect()
    const words = client.words.query({ query: 'never', live: true }).collect()
    const slow = code(client.byN.get(1, { since: 1e6 }))
    const ended = new Promise(resolve => client.since.subscribe({ complete: () => resolve('complete') }))
    await until(async () => await open() >= 2)
    await new Promise(resolve => setTimeout(resolve, 300)) // for the answers: WebKit does not tell of who goes before
    const append = client.append({ n: 'last' })
    const closing = client.close()
    const results = [(await live).length, (await words).length, await slow, await ended, typeof await append]
    await closing
    await client.close()
    results.push(client.closed, await code(client.get(0)), thrown(() => client.stream()), await code(client.byN.get(1)))
    await until(async () => await open() === 0)
    return results
  })
  assert.deepEqual(closed, [0, 0, 'CLOSED', 'complete', 'number', true, 'CLOSED', 'CLOSED', 'CLOSED'])
})

test('storage is what the browser says, and the page asks it to keep it', workers, async () => {
  const { told, own, asked, again, keys, code: wrong } = await page.evaluate(async () => {
    const db = connect('/db/')
    const told = await db.storage()
    const { storage } = navigator
    const own = { usage: typeof (await storage?.estimate?.())?.usage, persisted: await storage?.persisted?.() }
    let asked = 0
    if (storage) storage.persist = async () => ++asked > 0
    const again = await new Promise((resolve, reject) => db.storage({ persist: true }, (err, told) => err ? reject(err) : resolve(told)))
    if (storage) delete storage.persist
    return { told: { ...told, usage: typeof told.usage }, own, asked, again: again.persisted, keys: Object.keys(told), code: await code(db.storage({ persit: true })) }
  })
  assert.deepEqual([told.usage, told.persisted], [own.usage, own.persisted])
  assert.deepEqual(keys, ['usage', 'quota', 'persisted'])
  assert.deepEqual([asked, again, wrong], [own.persisted === false ? 1 : 0, own.persisted, 'INVALID_OPTION'])
})

test('health tells who listens of a log that is deleted, and of a database that does not answer', workers, async () => {
  const { heard, since, left, failed, ended } = await page.evaluate(async () => {
    const db = connect('/db/')
    await db.append({ n: 'to be lost' })
    const heard = []
    const off = db.health(({ state, at, error }) => heard.push([state, error?.code ?? '', error?.seq ?? '', typeof at]))
    await until(() => heard.length === 1)
    await flumedb.Log.delete('client')
    await until(() => heard.at(-1)[0] === 'lost')
    const since = await db.loaded() // by which it is opened anew
    await until(() => heard.at(-1)[0] === 'ok')
    off()
    await until(async () => await open() === 0)
    const left = db.health.value.state
    const answer = new Response('{"title":"","status":503,"code":"WASM","detail":"no module"}', { status: 503, headers: { 'Content-Type': 'application/problem+json' } })
    const broken = connect('/db/', { retry: 0, fetch: async () => answer.clone() })
    const failed = await new Promise(resolve => broken.health.once(({ state, error }) => resolve([state, error.code, error.message])))
    let ended = 0
    broken.health.subscribe({ complete: () => ended++ })
    await Promise.all([broken.close(), db.close()])
    return { heard, since, left, failed, ended }
  })
  const stayed = heard.filter(([state]) => state !== 'reopening') // which it may find first
  assert.deepEqual(stayed, [['ok', '', '', 'number'], ['lost', 'GONE', 0, 'number'], ['ok', '', '', 'number']])
  assert.deepEqual({ since, left, failed, ended }, { since: -1, left: 'ok', failed: ['failed', 'WASM', 'no module'], ended: 1 })
})
