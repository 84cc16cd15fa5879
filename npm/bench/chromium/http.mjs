// Three ways to a database: in the page, by the client through the service worker, and by bare requests to that, over logs of
// the same records. The floor is a service worker that answers each request with the same few bytes.

import { Flume, Level, Log, Reduce } from '/dist/browser.mjs'
import { connect } from '/dist/client.mjs'
import { views } from './http-views.mjs'

const BASE = '/bench/chromium/db/'
const FILLED = 5_000
const RANGE = 100
const record = (n) => ({ n, type: `type ${n % 10}`, text: 'a record of about one hundred and twenty bytes, as small ones are in most logs' })
const OPERATIONS = ['append', 'get', 'range', 'view']

try {
  const { serviceWorker } = navigator
  if (!serviceWorker.controller) {
    const controlled = new Promise((resolve) => serviceWorker.addEventListener('controllerchange', resolve, { once: true }))
    await serviceWorker.register('http-worker.mjs', { type: 'module' })
    await controlled
  }
  const page = Flume(Log('direct')).use('types', Reduce(1, views.types.options)).use('byN', Level(1, views.byN.options))
  const client = connect(BASE, { views })
  for (const db of [page, client]) await db.append(Array.from({ length: FILLED }, (_, n) => record(n)))
  const ways = { page: throughApi(page), client: throughApi(client), fetch: throughFetch(), floor: { get: async () => (await fetch('/bench/chromium/floor')).json() } }
  await check(ways)
  globalThis.operations = OPERATIONS
  // One after the other for `samples`, then `parallel` at a time for `ms`.
  globalThis.bench = async ({ way, operation, one, many, parallel }) => {
    const run = ways[way][operation]
    for (let i = 0; i < 20; i++) await run(i)
    const samples = []
    for (let i = 0; i < one; i++) {
      const before = performance.now()
      await run((i * 7919) % FILLED)
      samples.push(performance.now() - before)
    }
    let next = 0
    const before = performance.now()
    await Promise.all(Array.from({ length: parallel }, async () => { while (next < many) await run((next++ * 7919) % FILLED) }))
    return { samples, ms: performance.now() - before, count: many }
  }
  globalThis.firstAnswer = async () => {
    const before = performance.now()
    await (await fetch(`${BASE}since`)).json()
    return performance.now() - before
  }
} catch (error) {
  globalThis.failed = String(error?.stack ?? error)
}

function throughApi(db) {
  return {
    append: (n) => db.append(record(n)),
    get: (n) => db.get(n),
    range: (n) => db.stream({ gte: Math.min(n, FILLED - RANGE), limit: RANGE }).collect(),
    view: (n) => db.byN.get(n),
  }
}

function throughFetch() {
  const json = async (path, init) => {
    const response = await fetch(BASE + path, init)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  return {
    append: (n) => json('records', { method: 'POST', body: JSON.stringify(record(n)), headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() } }),
    get: (n) => json(`records/${n}`),
    async range(n) {
      const response = await fetch(`${BASE}records?gte=${Math.min(n, FILLED - RANGE)}&limit=${RANGE}`)
      return (await response.text()).trimEnd().split('\n').map((line) => JSON.parse(line))
    },
    view: async (n) => (await json(`views/byN/get?args=${encodeURIComponent(`[${n},true]`)}`)).value,
  }
}

async function check(ways) {
  for (const operation of OPERATIONS.slice(1)) {
    const [first, ...others] = await Promise.all(['page', 'client', 'fetch'].map((way) => ways[way][operation](42).then(JSON.stringify)))
    if (!first.includes('"n":42') || others.some((answer) => answer !== first)) throw new Error(`${operation} is not answered alike: ${[first, ...others].join(' ').slice(0, 500)}`)
  }
}
