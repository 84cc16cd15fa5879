// Sync of logs in Node with a Go server.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Flume, { Log } from 'flumedb-wasm'
import { startServer } from './server.mjs'

const valuesOf = async db => {
  const all = []
  for await (const value of db.stream({ seqs: false })) all.push(JSON.stringify(value))
  return all
}

const setOf = async db => (await valuesOf(db)).sort()

function open (t, name) {
  const db = Flume(name ? Log(name) : Log.memory())
  t.after(() => db.close())
  return db
}

function folder (t) {
  const dir = mkdtempSync(join(tmpdir(), 'flumedb-sync-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Waits until a log holds so many records that are not deleted. */
async function until (db, count) {
  for (let i = 0; ; i++) {
    const { length } = await valuesOf(db)
    if (length === count) return
    assert.ok(i < 500, `it holds ${length} records, and is to hold ${count}`)
    await sleep(20)
  }
}

/** A small generator of numbers below 1, of a seed. */
function random (seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A fetch whose requests and answers get lost, are cut off and come twice. */
function unreliable (next, seldom = 4) {
  const chance = () => next() < 1 / seldom
  return async (url, init) => {
    if (chance()) throw new TypeError('the network is down')
    if (chance()) await (await fetch(url, init)).arrayBuffer()
    const response = await fetch(url, init)
    if (!chance()) return response
    const left = Math.floor(next() * 40_000)
    let passed = 0
    const cut = new TransformStream({
      transform (piece, controller) {
        const fits = Math.min(piece.length, left - passed)
        passed += fits
        if (fits) controller.enqueue(piece.subarray(0, fits))
        if (passed >= left) controller.error(new TypeError('the connection broke'))
      }
    })
    return new Response(response.body.pipeThrough(cut), { status: response.status, headers: response.headers })
  }
}

test('two logs and a server come to hold the same', async t => {
  const { url } = await startServer(t)
  const [a, b] = [open(t), open(t)]
  await a.append([{ by: 'a', n: 0 }, { by: 'a', n: 1 }])
  assert.deepEqual(await a.sync(url), { pulled: 0, pushed: 2, forked: 0 })
  await b.append({ by: 'b', n: 0 })
  assert.deepEqual(await b.sync(url), { pulled: 2, pushed: 1, forked: 0 })
  assert.deepEqual(await a.sync(url), { pulled: 1, pushed: 0, forked: 0 })
  assert.deepEqual(await valuesOf(a), ['{"by":"a","n":0}', '{"by":"a","n":1}', '{"by":"b","n":0}'])
  assert.deepEqual(await setOf(a), await setOf(b))
  // What is deleted is deleted everywhere, whoever deletes it, and for who comes later.
  await b.del(1)
  await b.sync(url)
  await a.sync(url)
  await assert.rejects(a.get(0), { code: 'DELETED' })
  const c = open(t)
  assert.equal((await c.sync(url)).pulled, 2)
  assert.deepEqual(await setOf(c), ['{"by":"a","n":1}', '{"by":"b","n":0}'])
  assert.deepEqual(await c.sync(url), { pulled: 0, pushed: 0, forked: 0 })
})

test('three that are cut off, come twice and are opened anew hold the same at last, each in order, nothing twice', async t => {
  for (const seed of [1, 2, 3, 4]) {
    const next = random(seed)
    const server = await startServer(t)
    const dbs = []
    t.after(() => Promise.all(dbs.map(db => db.close())))
    const dirs = [folder(t), folder(t), folder(t)]
    dbs.push(...dirs.map(dir => Flume(Log(dir))))
    const counts = [0, 0, 0]
    for (let turn = 0; turn < 60; turn++) {
      const i = Math.floor(next() * 3)
      const what = next()
      if (what < 0.4) await dbs[i].append(Array.from({ length: 1 + Math.floor(next() * 30) }, () => ({ by: i, n: counts[i]++, text: 'x'.repeat(next() * 900) })))
      else if (what < 0.5) {
        await dbs[i].close()
        dbs[i] = Flume(Log(dirs[i]))
      } else if (what < 0.55) {
        await server.kill()
        await server.start()
      } else if (what < 0.6 && dbs[i].since.value > 5) await dbs[i].del(Math.floor(next() * dbs[i].since.value))
      else await dbs[i].sync(server.url, { retry: 0, fetch: unreliable(next) }).catch(err => assert.equal(err.code, 'TIMEOUT', String(err)))
    }
    for (const round of [1, 2]) for (const db of dbs) await db.sync(server.url, { signal: AbortSignal.timeout(20_000 * round) })
    const [a, b, c] = await Promise.all(dbs.map(setOf))
    assert.deepEqual(a, b, `seed ${seed}`)
    assert.deepEqual(b, c, `seed ${seed}`)
    assert.equal(new Set(a).size, a.length, 'nothing twice')
    for (const db of dbs) {
      const newest = [-1, -1, -1]
      for await (const { by, n } of db.stream({ seqs: false })) {
        assert.ok(n > newest[by], `seed ${seed}: record ${n} of ${by} comes behind ${newest[by]}`)
        newest[by] = n
      }
    }
  }
})

test('a large pull that is broken off goes on where it was', async t => {
  const { url } = await startServer(t)
  const [a, b] = [open(t), open(t)]
  const noise = random(7)
  const record = n => ({ n, text: Array.from({ length: 12 }, () => noise().toString(36)).join('') })
  for (let n = 0; n < 30_000; n += 1000) await a.append(Array.from({ length: 1000 }, (_, i) => record(n + i)))
  const seen = []
  const { pushed } = await a.sync(url, { onProgress: p => seen.push(p) })
  assert.equal(pushed, 30_000)
  assert.ok(seen.some(({ toPush, settled }) => toPush > 0 && !settled), 'there was progress')
  assert.ok(seen.at(-1).settled)

  let limit = 500_000
  const broken = async (...request) => {
    const response = await fetch(...request)
    const cut = new TransformStream({
      transform (piece, controller) {
        if ((limit -= piece.length) < 0) controller.error(new TypeError('the connection broke'))
        else controller.enqueue(piece)
      }
    })
    return new Response(response.body.pipeThrough(cut), response)
  }
  await assert.rejects(b.sync(url, { retry: 0, fetch: broken }), { code: 'TIMEOUT' })
  const had = b.since.value + 1
  assert.ok(had > 100 && had < 30_000, `it had ${had} records`)
  assert.equal((await b.sync(url)).pulled, 30_000 - had)
  assert.deepEqual(await valuesOf(b), await valuesOf(a))
})

test('live: what either appends and deletes reaches the other, also over the death of the server', async t => {
  const server = await startServer(t)
  const [a, b] = [open(t), open(t)]
  const stop = new AbortController()
  const states = []
  const running = [
    a.sync(server.url, { live: true, signal: stop.signal, onProgress: p => states.push(p) }),
    b.sync(server.url, { live: true, signal: stop.signal })
  ].map(sync => sync.then(() => assert.fail('it ended'), err => assert.equal(err.code, 'ABORTED')))
  await a.append({ n: 1 })
  await until(b, 1)
  const begun = performance.now()
  await b.append({ n: 2 })
  await until(a, 2)
  assert.ok(performance.now() - begun < 3000, 'it did not wait to be asked')
  await a.del(0)
  await until(b, 1)
  await server.kill()
  await Promise.all([a.append({ n: 3 }), b.append({ n: 4 })])
  await sleep(300)
  await server.start()
  await until(a, 3)
  await until(b, 3)
  assert.deepEqual(await setOf(a), await setOf(b))
  assert.ok(states.some(({ error }) => error?.code === 'TIMEOUT'), 'it said what failed')
  stop.abort()
  await Promise.all(running)
})

test('close ends what is live without a failure, and fails what is not', async t => {
  const { url } = await startServer(t)
  const db = open(t)
  let pushed
  const there = new Promise(resolve => (pushed = resolve))
  const live = db.sync(url, { live: true, onProgress: progress => progress.pushed === 1 && progress.settled && pushed() })
  await db.append(1)
  await there
  const other = db.sync(url, { fetch: () => new Promise(() => {}) })
  const failing = assert.rejects(other, { code: 'CLOSED' })
  await db.close()
  assert.equal((await live).pushed, 1)
  await failing
})

test('a token', async t => {
  const { url } = await startServer(t, { token: 'secret' })
  const db = open(t)
  await db.append(1)
  await assert.rejects(db.sync(url), { code: 'UNAUTHORIZED' })
  await assert.rejects(db.sync(url, { token: 'other', live: true }), { code: 'UNAUTHORIZED' })
  assert.equal((await db.sync(url, { token: 'secret' })).pushed, 1)
})

test('what cannot be', async t => {
  const db = open(t)
  await db.append(1)
  await assert.rejects(db.sync('http://127.0.0.1:1/', { retry: 100 }), { code: 'TIMEOUT' })
  await assert.rejects(db.sync('http://127.0.0.1:1/', { signal: AbortSignal.abort() }), { code: 'ABORTED', name: 'AbortError' })
  await assert.rejects(db.sync('file:///tmp/log'), { code: 'INVALID_OPTION' })
  await assert.rejects(db.sync('http://127.0.0.1:1/', { lives: true }), { code: 'INVALID_OPTION' })
  const html = async () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } })
  await assert.rejects(db.sync('http://127.0.0.1:1/', { retry: 0, fetch: html }), { code: 'REPLICA' })
  const noise = async () => new Response('noise', { headers: { 'Content-Type': 'application/vnd.flumedb.sync' } })
  await assert.rejects(db.sync('http://127.0.0.1:1/', { retry: 0, fetch: noise }), { code: 'REPLICA' })
})

test('records that are no JSON reach no log of JSON', async t => {
  const { url } = await startServer(t)
  const binary = Flume(Log.memory({ codec: 'binary' }))
  t.after(() => binary.close())
  await binary.append(new Uint8Array([1, 2, 3]))
  await assert.rejects(binary.sync(url), { code: 'INVALID_RECORD' })
})
