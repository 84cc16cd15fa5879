// The handler in a service worker.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { openSite, unless } from './site.mjs'

const worker = `
  import { serve } from '/flumedb-wasm/service-worker.mjs'
  const served = serve({
    name: 'journal',
    prefix: '/db/',
    views: { types: { kind: 'reduce', version: 1, options: { count: true, groupBy: 'type' } }, byN: { kind: 'level', version: 1, options: { keys: ['n'] } } }
  })
  oninstall = () => skipWaiting()
  onactivate = event => event.waitUntil(clients.claim())
  onmessage = ({ ports: [port] }) => served.stats().then(stats => port.postMessage(stats))
`

// What the pages do, by name.
const scripts = `
  window.register = async () => {
    await navigator.serviceWorker.register('/worker.mjs', { type: 'module' })
    await navigator.serviceWorker.ready
    if (!navigator.serviceWorker.controller) await new Promise(resolve => (navigator.serviceWorker.oncontrollerchange = resolve))
  }
  window.call = async (method, path, body, headers = {}) => {
    if (body !== undefined) headers = { 'content-type': 'application/json', ...headers }
    const response = await fetch('/db/' + path, { method, body, headers })
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text(), replayed: response.headers.get('idempotency-replayed'), etag: response.headers.get('etag') }
  }
  window.stats = () => new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }) => resolve(data)
    navigator.serviceWorker.controller.postMessage('stats', [port2])
  })
  window.until = async holds => {
    for (const end = performance.now() + 60_000; !await holds(); await new Promise(resolve => setTimeout(resolve, 10)))
      if (performance.now() > end) throw new Error('not so after 60 s: ' + holds)
  }
  window.settled = async () => {
    for (let i = 0; i < 200; i++) {
      const found = await stats()
      if (found.open === 0) return found
      await new Promise(resolve => setTimeout(resolve, 25))
    }
    return stats()
  }
`

// What the server answers for the worker's script, which an update changes.
const script = { type: 'text/javascript', body: worker }

const site = await openSite({ get: { '/worker.mjs': script } })
after(() => site.close())
const page = await site.newPage()
const workers = unless(await page.evaluate(() => !('serviceWorker' in navigator)), 'it has no navigator.serviceWorker')
const stoppable = { ...unless(!site.cdp, 'a test cannot stop its service workers'), ...workers }

if (!workers.skip) {
  await page.addScriptTag({ content: scripts })
  await page.evaluate(() => register())
}

const call = (...args) => page.evaluate(args => window.call(...args), args)

async function stopWorkers () {
  const cdp = await site.cdp(page)
  await cdp.send('ServiceWorker.enable')
  await cdp.send('ServiceWorker.stopAllWorkers')
  await cdp.detach()
}

test('records are appended, read, and seen by views', { timeout: 60_000, ...workers }, async () => {
  assert.deepEqual(await call('GET', 'since'), { status: 200, type: 'application/json', body: '{"since":-1}', replayed: null, etag: null })
  const appended = await call('POST', 'records', '[{"n":1,"type":"a"},{"n":2,"type":"b"}]', { 'idempotency-key': 'a, b' })
  assert.deepEqual([appended.status, appended.body], [201, '{"first":0,"seq":1,"count":2}'])
  const again = await call('POST', 'records', '[{"n":1,"type":"a"},{"n":2,"type":"b"}]', { 'idempotency-key': 'a, b' })
  assert.deepEqual([again.status, again.replayed, again.body], [200, 'true', appended.body])
  assert.equal((await call('POST', 'records', '{"n":3,"type":"ö"}\n{"n":4}\n', { 'content-type': 'application/x-ndjson' })).status, 201)
  const range = await call('GET', 'records?gte=1&lte=2')
  assert.equal(range.body, '{"seq":1,"value":{"n":2,"type":"b"}}\n{"seq":2,"value":{"n":3,"type":"ö"}}\n')
  assert.equal((await call('GET', 'views/types/get')).body, '{"a":1,"b":1,"ö":1,"undefined":1}')
  assert.equal((await call('POST', 'views/byN/read', '[{"gt":2,"seqs":false,"values":false}]', { accept: 'application/x-ndjson' })).body, '3\n4\n')
  const problem = await call('GET', 'records/99')
  assert.deepEqual([problem.status, problem.type, JSON.parse(problem.body).code], [404, 'application/problem+json', 'NOT_FOUND'])
  assert.equal((await call('DELETE', 'records/0')).status, 204)
  assert.equal((await call('GET', 'records/0')).status, 410)
  assert.equal((await call('HEAD', 'records/1')).body, '')
  assert.equal((await call('GET', 'records/1', undefined, { 'if-none-match': (await call('GET', 'records/1')).etag })).status, 304)
})

test('a page with the log open and the service worker hear of each other', { timeout: 60_000, ...workers }, async () => {
  const heard = await page.evaluate(async () => {
    const { Flume, Log } = flumedb
    const db = Flume(Log('journal'))
    const seq = await db.append({ from: 'page' })
    const over = await (await fetch(`/db/records/${seq}`)).json()
    const live = db.stream({ gt: seq, live: true })[Symbol.asyncIterator]()
    const next = live.next()
    await call('POST', 'records', '{"from":"worker"}')
    const { value } = await next
    await live.return()
    await db.close()
    return [over, value.value]
  })
  assert.deepEqual(heard, [{ from: 'page' }, { from: 'worker' }])
})

test('live records stream as they come, resume by EventSource, and end when the page leaves', { timeout: 60_000, ...workers }, async () => {
  const heard = await page.evaluate(async () => {
    const { since } = await (await fetch('/db/since')).json()
    const source = new EventSource(`/db/records?gt=${since}&seqs=false`)
    const events = []
    let wake
    source.onmessage = ({ data, lastEventId }) => { events.push([data, Number(lastEventId) - since]); wake?.() }
    await new Promise(resolve => (source.onopen = resolve))
    for (let n = 1; n <= 3; n++) {
      const came = new Promise(resolve => (wake = resolve))
      await call('POST', 'records', JSON.stringify({ live: n }))
      await came
    }
    source.close()
    return events
  })
  assert.deepEqual(heard, [1, 2, 3].map(n => [`{"live":${n}}`, n]))
  assert.equal((await page.evaluate(() => settled())).open, 0)
})

test('thousands of requests in parallel, aborted ones among them, leave nothing behind', { timeout: 180_000, ...workers }, async t => {
  const round = (n, from) => page.evaluate(async ([n, from]) => {
    const acknowledged = []
    const failures = []
    let aborted = 0
    const one = async i => {
      const key = `par ${i}`
      const controller = new AbortController()
      try {
        if (i % 4 === 0) setTimeout(() => controller.abort(), i % 17)
        if (i % 4 < 2) {
          const response = await fetch('/db/records', { method: 'POST', body: JSON.stringify({ key }), headers: { 'content-type': 'application/json', 'idempotency-key': key }, signal: controller.signal })
          if (response.ok) acknowledged.push(key)
          else failures.push(await response.text())
          await response.text()
        } else if (i % 4 === 2) {
          const response = await fetch('/db/records?live=true&values=false', { signal: controller.signal })
          await response.body.getReader().read()
          controller.abort()
        } else {
          const response = await fetch('/db/records?limit=50&seqs=false', { signal: controller.signal })
          if (!response.ok) failures.push(await response.text())
          await response.text()
        }
      } catch (error) {
        if (error.name === 'AbortError') aborted++
        else failures.push(String(error))
      }
    }
    // 64 at a time.
    let next = from
    await Promise.all(Array.from({ length: 64 }, async () => { while (next < from + n) await one(next++) }))
    return { acknowledged, aborted, failures, stats: await settled() }
  }, [n, from])

  const rounds = []
  for (let i = 0; i < 3; i++) rounds.push(await round(1000, i * 1000))
  for (const { failures } of rounds) assert.deepEqual(failures, [])
  assert.ok(rounds.every(({ aborted }) => aborted > 20), `aborted: ${rounds.map(r => r.aborted)}`)
  assert.deepEqual(rounds.map(({ stats }) => stats.open), [0, 0, 0])
  const [first, , third] = rounds.map(({ stats }) => stats.memory >> 20)
  t.diagnostic(`memory after 1,000, 2,000 and 3,000 requests: ${rounds.map(({ stats }) => stats.memory >> 20)} MB`)
  assert.ok(third <= first + 16, `the module grew from ${first} to ${third} MB over 2,000 requests`)

  const there = new Map()
  for (const line of (await call('GET', 'records?seqs=false')).body.split('\n'))
    if (line.includes('"par ')) there.set(JSON.parse(line).key, (there.get(JSON.parse(line).key) ?? 0) + 1)
  for (const { acknowledged } of rounds) for (const key of acknowledged) assert.equal(there.get(key), 1, key)
  for (const [key, n] of there) assert.equal(n, 1, key)
})

test('a worker that is stopped in the middle is started again, also offline, and nothing is lost or doubled', { timeout: 120_000, ...stoppable }, async () => {
  const { since: start } = JSON.parse((await call('GET', 'since')).body)
  const writing = page.evaluate(async () => {
    const acknowledged = []
    for (let i = 0; i < 60; i++) {
      const key = `kill ${i}`
      for (let tries = 0; ; tries++) {
        try {
          const response = await fetch('/db/records', { method: 'POST', body: JSON.stringify({ key }), headers: { 'content-type': 'application/json', 'idempotency-key': key } })
          if (response.ok) break
        } catch (error) {
          if (tries > 50) throw error
        }
        await new Promise(resolve => setTimeout(resolve, 10))
      }
      acknowledged.push(key)
    }
    return acknowledged
  })
  for (let i = 0; i < 6; i++) {
    await new Promise(resolve => setTimeout(resolve, 120))
    await stopWorkers()
    if (i === 2) await site.context.setOffline(true)
  }
  const acknowledged = await writing
  await stopWorkers()
  const lines = (await call('GET', `records?seqs=false&gt=${start}`)).body.trim().split('\n').map(line => JSON.parse(line).key)
  assert.deepEqual(lines, acknowledged)
  assert.equal((await call('GET', 'since')).body, `{"since":${start + 60}}`)
  await site.context.setOffline(false)
})

test('a live stream goes on behind a worker that was stopped, as docs/http.md has it', { timeout: 60_000, ...stoppable }, async () => {
  const follow = /```js\n(function follow[\s\S]*?)```/.exec(readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8'))[1]
  await page.addScriptTag({ content: follow })
  await page.evaluate(async () => {
    const { since } = await (await fetch('/db/since')).json()
    window.came = []
    window.leave = follow('/db/records', since, ({ value }) => came.push(value.after))
    await call('POST', 'records', '{"after":1}')
  })
  await page.evaluate(() => until(() => came.length === 1))
  for (let n = 2; n <= 4; n++) {
    await stopWorkers()
    await page.evaluate(n => call('POST', 'records', JSON.stringify({ after: n })), n)
    await page.evaluate(n => until(() => came.length === n), n)
  }
  assert.deepEqual(await page.evaluate(() => came), [1, 2, 3, 4])
  const { open } = await page.evaluate(() => { leave(); return settled() })
  assert.equal(open, 0)
})

test('a client appends once and streams all over stopped workers', { timeout: 60_000, ...workers }, async t => {
  const working = page.evaluate(async () => {
    const { connect } = await import('/flumedb-wasm/client.mjs')
    const db = connect('/db/')
    const start = await db.loaded()
    const heard = []
    const hearing = (async () => {
      for await (const { seq, value } of db.stream({ gt: start, live: true, limit: 80 })) heard.push([seq - start - 1, value.c])
    })()
    const seqs = []
    for (let c = 0; c < 80; c += 2) seqs.push(await db.append([{ c }, { c: c + 1 }]) - start)
    await hearing
    const back = []
    for await (const { value } of db.stream({ gt: start, reverse: true })) back.push(value.c)
    const code = promise => promise.then(() => 'none', error => error.code)
    const controller = new AbortController()
    const left = code(db.stream({ old: false, signal: controller.signal }).collect())
    setTimeout(() => controller.abort(), 50)
    const codes = [await code(db.get(1e6)), await left, await code(db.view('none').call('get')), await code(db.append([1, undefined])), await code(db.get(start + 1, { signal: AbortSignal.abort() }))]
    await db.del([start + 1])
    codes.push(await code(db.get(start + 1)))
    return { seqs, heard, back, codes, one: await db.get(start + 2), counts: typeof (await db.view('types').call('get')).undefined, records: (await db.stats()).records - start - 1, open: (await settled()).open }
  })
  for (let i = 0; i < 5 && !stoppable.skip; i++) {
    await new Promise(resolve => setTimeout(resolve, 100))
    await stopWorkers()
  }
  if (stoppable.skip) t.diagnostic(`${stoppable.skip}: here none was`)
  const { seqs, heard, back, codes, one, counts, records, open } = await working
  assert.deepEqual(seqs, Array.from({ length: 40 }, (_, i) => 2 * i + 2))
  assert.deepEqual(heard, Array.from({ length: 80 }, (_, c) => [c, c]))
  assert.deepEqual(back, Array.from({ length: 80 }, (_, c) => 79 - c))
  assert.deepEqual(codes, ['NOT_FOUND', 'ABORTED', 'NOT_FOUND', 'INVALID_RECORD', 'ABORTED', 'DELETED'])
  assert.deepEqual([one, counts, records, open], [{ c: 1 }, 'number', 80, 0])
})

test('newer versions of the worker take over while a client appends and streams', { timeout: 180_000, ...workers }, async t => {
  // Chromium makes its first check for an update when it finds the time, which is long after its start if it is kept busy.
  await page.evaluate(async () => void await (await navigator.serviceWorker.ready).update())
  const writing = page.evaluate(async () => {
    const { connect } = await import('/flumedb-wasm/client.mjs')
    const db = connect('/db/')
    const start = await db.loaded()
    const heard = []
    const leave = new AbortController()
    const hearing = (async () => {
      for await (const { seq, value } of db.stream({ gt: start, live: true, signal: leave.signal })) heard.push([seq, value])
    })().catch(error => { if (error.code !== 'ABORTED') throw error })
    let updates = 0
    navigator.serviceWorker.addEventListener('controllerchange', () => { window.updates = ++updates })
    window.updates = 0
    window.stopWriting = false
    const acknowledged = []
    await Promise.all(['a', 'b', 'c', 'd'].map(async writer => {
      for (let n = 0; !window.stopWriting; n++) {
        acknowledged.push([await db.append({ writer, n }), { writer, n }])
        window.appended = acknowledged.length
      }
    }))
    const newest = await db.loaded()
    while (!heard.length || heard.at(-1)[0] < newest) await new Promise(resolve => setTimeout(resolve, 10))
    leave.abort()
    await hearing
    const stored = []
    for await (const { seq, value } of db.stream({ gt: start })) stored.push([seq, value])
    return { acknowledged, heard, stored, start }
  })
  const heldUp = []
  for (let version = 1; version <= 8; version++) {
    // Each finds its predecessor at work for a while.
    await page.evaluate(() => until(async () => {
      const { active, waiting } = await navigator.serviceWorker.ready
      return window.appended > (window.before ?? 0) + 60 && active.state === 'activated' && !waiting
    }))
    script.body = `${worker}\n// version ${version}`
    const before = performance.now()
    await page.evaluate(async version => {
      window.before = window.appended
      await (await navigator.serviceWorker.ready).update()
      await until(() => window.updates >= version)
    }, version)
    heldUp.push(Math.round(performance.now() - before))
  }
  await page.evaluate(() => { window.stopWriting = true })
  const { acknowledged, heard, stored, start } = await writing
  t.diagnostic(`${acknowledged.length} appends over ${heldUp.length} updates, which took ${heldUp.join(', ')} ms`)
  assert.deepEqual(stored.map(([seq]) => seq), stored.map((_, i) => start + 1 + i))
  // Every writer waits for its answers, so what is stored is what was answered, each once and in the writer's order.
  assert.deepEqual(stored, acknowledged.toSorted(([a], [b]) => a - b))
  for (const writer of ['a', 'b', 'c', 'd']) {
    const numbers = stored.filter(([, value]) => value.writer === writer).map(([, { n }]) => n)
    assert.deepEqual(numbers, numbers.map((_, n) => n))
  }
  assert.deepEqual(heard, stored)
})

test("the client's example in docs/http.md prints what it says", { timeout: 60_000, ...workers }, async () => {
  const example = /## From a page[^]*?```js\n([^]*?)```/.exec(readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8'))[1]
  const [, ...wanted] = example.split(/console\.log\(.*\) \/\/ /).map(part => part.split('\n')[0])
  const printed = await page.evaluate(async code => {
    const lines = []
    const program = code.replace(/^import \{ connect \} from .*$/m, "const { connect } = await import('/flumedb-wasm/client.mjs')").replaceAll('console.log', 'print')
    await new Function('print', `return (async () => { ${program} })()`)((...args) => lines.push(args.map(arg => typeof arg === 'string' ? arg : JSON.stringify(arg)).join(' ')))
    return lines
  }, example)
  assert.equal(printed.length, 3)
  assert.deepEqual(printed, wanted)
})

test('from a stopped worker to its first answer', { timeout: 60_000, ...stoppable }, async t => {
  const times = []
  for (let i = 0; i < 7; i++) {
    await stopWorkers()
    times.push(await page.evaluate(async () => {
      const before = performance.now()
      await (await fetch('/db/since')).text()
      return performance.now() - before
    }))
  }
  t.diagnostic(`ms: ${times.map(Math.round).join(', ')}`)
})

test('a slow reader holds up the handler, and one that leaves ends it', { timeout: 60_000, ...workers }, async () => {
  const { before, during, after } = await page.evaluate(async () => {
    const text = 'x'.repeat(100_000)
    for (let i = 0; i < 40; i++) await call('POST', 'records', JSON.stringify(Array(10).fill({ text })))
    const before = await stats()
    const readers = []
    for (let i = 0; i < 20; i++) {
      const response = await fetch('/db/records')
      const reader = response.body.getReader()
      await reader.read()
      readers.push(reader)
    }
    await new Promise(resolve => setTimeout(resolve, 500))
    const during = await stats()
    for (const reader of readers) await reader.cancel()
    return { before, during, after: await settled() }
  })
  assert.equal(during.open, 20)
  assert.equal(after.open, 0)
  assert.ok(during.memory - before.memory < 100 << 20, `20 readers of 40 MB took ${(during.memory - before.memory) >> 20} MB`)
})
