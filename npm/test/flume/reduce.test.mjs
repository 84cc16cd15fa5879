import assert from 'node:assert/strict'
import { test } from 'node:test'
import pull from 'pull-stream'
import { firstValueFrom, from, take, toArray } from 'rxjs'
import { Flume, FlumeError, Reduce, complaints, createObv, failure, fakeLog, lib, memoryCheckpoints, numbers, pending, require, sleep, task, until } from './helpers.mjs'

const MemLog = require('flumelog-memory')
const sum = (acc, v) => (acc ?? 0) + v

/** A database that sums its log, over records and checkpoints that outlive it. */
function open(records, store, reduce = Reduce(1, sum), more) {
  const checkpoints = memoryCheckpoints(store)
  const log = fakeLog(records, { checkpoints, ...more })
  const asked = []
  const { reader } = log
  log.reader = options => (asked.push(options.gt), reader(options))
  const db = Flume(log).use('sum', reduce)
  return Object.assign(db, { log, asked, ops: checkpoints.ops })
}

test('get, in every form', async () => {
  const db = Flume(fakeLog([1, 2, 3])).use('sum', Reduce(7, sum))
  assert.equal(await db.sum.get(), 6)
  assert.equal(await db.sum.get(null), 6)
  assert.equal(await db.sum.get({}), 6)
  assert.equal(await db.sum.get([]), 6)
  assert.equal(await db.sum.get({ meta: false }), 6)
  assert.deepEqual(await db.sum.get({ values: false }), { seq: 2, version: 7, size: null })
  assert.deepEqual(await db.sum.get({ values: false, meta: false }), { seq: 2, version: 7, size: null })
  assert.deepEqual(await db.sum.get({ values: true }), { seq: 2, version: 7, value: 6 })
  assert.deepEqual(await db.sum.get({ since: -1 }), { seq: 2, version: 7, value: 6 })
  assert.equal(await db.sum.get({ since: 2, meta: false }), 6)
  assert.equal(await new Promise(resolve => db.sum.get((_, v) => resolve(v))), 6)
  assert.equal(await new Promise(resolve => db.sum.get({ meta: false }, (_, v) => resolve(v))), 6)
})

test('the state before the first record is initial, or undefined', async () => {
  const seen = []
  const db = Flume(fakeLog([]))
    .use('none', Reduce(1, acc => { seen.push(acc); return 1 }))
    .use('zero', Reduce(1, acc => { seen.push(acc); return 1 }, null, null, 0))
    .use('object', Reduce(1, { reduce: acc => { seen.push(acc); return acc }, initial: { n: 0 } }))
  assert.equal(await db.none.get(), undefined)
  assert.equal(await db.zero.get(), 0)
  assert.deepEqual(await db.object.get(), { n: 0 })
  await db.append('x')
  await db.none.get()
  assert.deepEqual(seen, [undefined, 0, { n: 0 }])
})

test('reduce is given the state, the mapped item and the seq; what map makes null is skipped', async () => {
  const calls = []
  const db = Flume(fakeLog(['a', 'skip', 'b', 'nothing'])).use('v', Reduce(1, {
    map: (v, seq) => (v === 'skip' ? null : v === 'nothing' ? undefined : v.toUpperCase() + seq),
    reduce: (acc, item, seq) => { calls.push([acc, item, seq]); return acc + item },
    initial: '>'
  }))
  assert.equal(await db.v.get(), '>A0B2')
  assert.deepEqual(calls, [['>', 'A0', 0], ['>A0', 'B2', 2]])
  assert.equal(db.v.since.value, 3)
})

test("a reducer that changes its state in place does not change initial, for rebuilds and other views", async () => {
  const count = Reduce(1, { reduce: (acc, v) => { acc[v] = (acc[v] ?? 0) + 1; return acc }, initial: {} })
  const db = Flume(fakeLog(['a', 'a', 'b'])).use('one', count).use('two', count)
  assert.deepEqual(await db.one.get(), { a: 2, b: 1 })
  assert.deepEqual(await db.two.get(), { a: 2, b: 1 })
  await db.rebuild()
  assert.deepEqual(await db.one.get(), { a: 2, b: 1 })
  class Sum { n = 0; add(v) { this.n += v; return this } }
  const own = Flume(fakeLog([1, 2])).use('v', Reduce(1, { reduce: (acc, v) => acc.add(v), initial: new Sum() }))
  assert.equal((await own.v.get()).n, 3)
  const bins = Flume(fakeLog([1, 2])).use('v', Reduce(1, { reduce: (acc, v) => { acc[v]++; return acc }, initial: new Float64Array(3) }))
  assert.deepEqual(await bins.v.get(), new Float64Array([0, 1, 1]))
})

test('arguments that cannot be are refused', () => {
  for (const args of [[() => {}], [undefined, sum], [1], [1, null], [1, {}], [1, { reduce: 'sum' }]])
    assert.throws(() => Reduce(...args), { code: 'INVALID_OPTION' })
  Reduce('2.0', sum)
})

test('value is the state, observable', async () => {
  const db = Flume(fakeLog([1])).use('sum', Reduce(1, sum))
  await db.sum.get()
  assert.equal(db.sum.value.value, 1)
  const heard = []
  db.sum.value(v => heard.push(v))
  await db.append(2)
  await db.sum.get()
  assert.deepEqual(heard, [1, 3])
  assert.deepEqual(await firstValueFrom(from(db.sum.value).pipe(take(1), toArray())), [3])
})

test('stream: the state once; live: then each mapped item, by pull and by iteration', async () => {
  const db = Flume(fakeLog([1, 2])).use('sum', Reduce(1, { reduce: sum, map: v => (v < 0 ? null : v * 10), initial: 0 }))
  assert.deepEqual(await db.sum.stream().collect(), [30])
  assert.deepEqual(await db.sum.stream({ live: false }).collect(), [30])
  const three = new Promise((resolve, reject) =>
    pull(db.sum.stream({ live: true }), pull.take(3), pull.collect((err, all) => (err ? reject(err) : resolve(all)))))
  const it = db.sum.stream({ live: true })[Symbol.asyncIterator]()
  assert.equal((await it.next()).value, 30)
  const next = it.next()
  await db.append([-1, 3, -1, 4])
  assert.deepEqual(await three, [30, 30, 40])
  assert.equal((await next).value, 30)
  assert.equal((await it.next()).value, 40)
  await it.return()
  await task()
  assert.equal(db.meta.sum.stream, 4 + 1 + 1 + 3 + 3)
})

test('a live stream leaves nothing behind when left, misses and repeats nothing, and does not buffer', async () => {
  const log = fakeLog(numbers(10))
  const db = Flume(log).use('sum', Reduce(1, sum))
  const it = db.sum.stream({ live: true })[Symbol.asyncIterator]()
  assert.equal((await it.next()).value, 45)
  for (let i = 10; i < 1000; i++) await db.append(i)
  await db.sum.get()
  await sleep(2)
  const reads = log.reads
  await sleep(2)
  assert.equal(log.reads, reads, 'what is not asked for is not read')
  for (let i = 10; i < 1000; i++) assert.equal((await it.next()).value, i)
  await it.return()
  assert.equal(log.readers, 1, "the view's own")
})

test('a live stream gives what the view applies as it is applied: map runs once, the state has the item, a rebuild repeats nothing', async () => {
  let mapped = 0
  const map = v => {
    mapped++
    return v
  }
  const db = Flume(fakeLog([1], { sync: false })).use('sum', Reduce(1, { reduce: sum, map }))
  const seen = []
  const reading = db.sum.stream({ live: true }).subscribe(item => seen.push([item, db.sum.value.value]))
  await until(() => seen.length === 1)
  for (const n of [2, 3, 4]) {
    await db.append(n)
    await until(() => seen.length === n)
  }
  assert.deepEqual(seen, [[1, 1], [2, 3], [3, 6], [4, 10]])
  assert.equal(mapped, 4)
  await db.rebuild()
  await db.append(5)
  await until(() => seen.length === 5)
  assert.deepEqual(seen[4], [5, 15])
  assert.equal(mapped, 9)
  reading.unsubscribe()
})

test('a live stream of a view that has stopped gives what was applied, then the error; after a rebuild a new one goes on', async () => {
  let broken = true
  const db = Flume(fakeLog([1])).use('sum', Reduce(1, (acc, v) => {
    if (v === 3 && broken) throw new Error('three')
    return (acc ?? 0) + v
  }))
  const it = db.sum.stream({ live: true })[Symbol.asyncIterator]()
  assert.equal((await it.next()).value, 1)
  await db.append([2, 3])
  await failure(db.sum.get())
  assert.equal((await it.next()).value, 2)
  const err = await failure(it.next())
  assert.equal(err.code, 'VIEW')
  assert.equal(err.seq, 2)
  broken = false
  await db.rebuild()
  const again = db.sum.stream({ live: true })[Symbol.asyncIterator]()
  assert.equal((await again.next()).value, 6)
  await db.append(4)
  assert.equal((await again.next()).value, 4)
})

test("a map that throws ends the live stream with VIEW", async () => {
  const db = Flume(fakeLog([1])).use('v', Reduce(1, { reduce: sum, map: v => { if (v === 'bad') throw new Error('m'); return v } }))
  const streamed = failure(db.v.stream({ live: true }).collect())
  await task()
  await db.append('bad')
  const err = await streamed
  assert.equal(err.code, 'VIEW')
  assert.equal(err.seq, 1)
  assert.equal((await failure(db.v.get())).seq, 1)
})

test('the state is saved when caught up, and restored', async () => {
  const store = new Map()
  const records = [1, 2, 3]
  const db = open(records, store)
  assert.equal(await db.sum.get(), 6)
  await until(() => store.has('sum'))
  assert.deepEqual(db.asked, [-1])
  const { size } = await db.sum.get({ values: false })
  assert.equal(size, store.get('sum').length)

  records.push(10)
  let calls = 0
  const again = open(records, store, Reduce(1, (acc, v) => { calls++; return sum(acc, v) }))
  assert.equal(await again.sum.get(), 16)
  assert.deepEqual(again.asked, [2])
  assert.equal(calls, 1)
})

test('closing saves what was not saved, before the log is closed', async () => {
  const store = new Map()
  const records = [1, 2]
  const order = []
  const db = open(records, store, undefined, { close: cb => { order.push('close'); cb() } })
  await db.sum.get()
  await db.close()
  assert.deepEqual([...db.ops.filter(op => op === 'put'), ...order], ['put', 'close'])
  const again = open(records, store)
  assert.equal(await again.sum.get(), 3)
  assert.deepEqual(again.asked, [1])
  await again.close()
  assert.ok(!again.ops.includes('put'), 'nothing changed, nothing is written')
})

test('another version, a damaged checkpoint, one of another format: rebuilt from the start', async () => {
  const store = new Map()
  const records = [1, 2, 3]
  const first = open(records, store)
  await first.sum.get()
  await first.close()
  const good = store.get('sum')

  const rebuilt = async (bytes, version = 1) => {
    const db = open(records, new Map([['sum', bytes]]), Reduce(version, sum))
    assert.equal(await db.sum.get(), 6)
    return db.asked[0] === -1
  }
  assert.equal(await rebuilt(good), false)
  assert.equal(await rebuilt(good, 2), true)
  assert.equal(await rebuilt(good, '1'), true, 'versions are told apart by type too')
  for (let cut = 0; cut < good.length; cut++) assert.equal(await rebuilt(good.slice(0, cut)), true, `cut at ${cut}`)
  for (let i = 0; i < good.length; i++)
    for (const bit of [1, 0x80]) {
      const bad = good.slice()
      bad[i] ^= bit
      assert.equal(await rebuilt(bad), true, `byte ${i}`)
    }
})

test('a checkpoint ahead of its log is discarded, and deleted', async () => {
  const store = new Map()
  const db = open([1, 2, 3], store)
  await db.sum.get()
  await db.close()
  const shorter = open([1, 2], store)
  assert.equal(await shorter.sum.get(), 3)
  assert.deepEqual(shorter.ops.slice(0, 2), ['get', 'delete'])
  await shorter.close()
})

test('a rebuild deletes the checkpoint and counts nothing twice', async () => {
  const store = new Map()
  const records = [1, 2, 3]
  const db = open(records, store)
  await db.sum.get()
  await until(() => store.has('sum'))
  await db.rebuild()
  assert.ok(db.ops.includes('delete'))
  assert.equal(await db.sum.get(), 6)
  await db.close()
  assert.equal(await open(records, store).sum.get(), 6)
})

test('destroyed while its checkpoint loads: the checkpoint is not taken', async () => {
  const store = new Map()
  const db = open([1, 2], store)
  await db.sum.get()
  await db.close()
  let load
  const slow = fakeLog([1, 2], { checkpoints: { ...memoryCheckpoints(store), get: (_n, cb) => (load = cb) } })
  const again = Flume(slow).use('sum', Reduce(1, sum))
  const rebuilt = again.rebuild()
  load(null, lib.encodeCheckpoint({ version: '1', seq: 0, state: '100' }))
  await rebuilt
  assert.equal(await again.sum.get(), 3)
})

test('one checkpoint is in flight at a time; appends do not wait for it; a burst is one write', async () => {
  const waiting = []
  let inFlight = 0
  const checkpoints = memoryCheckpoints()
  const { put } = checkpoints
  checkpoints.put = (name, bytes, cb) => {
    assert.equal(++inFlight, 1)
    waiting.push(() => { inFlight--; put(name, bytes, cb) })
  }
  const log = fakeLog([], { checkpoints })
  const db = Flume(log).use('sum', Reduce(1, sum))
  for (let i = 0; i < 50; i++) await db.append(1)
  await until(() => waiting.length === 1)
  for (let i = 0; i < 50; i++) await db.append(1)
  await sleep(150)
  assert.equal(waiting.length, 1)
  waiting.shift()()
  await until(() => waiting.length === 1)
  assert.equal(lib.decodeCheckpoint(checkpoints.store.get('sum')).seq <= 99, true)
  waiting.shift()()
  await until(() => lib.decodeCheckpoint(checkpoints.store.get('sum')).seq === 99)
  const closed = db.close()
  await closed
})

test('close waits for a checkpoint in flight, then saves what came after it', async () => {
  const checkpoints = memoryCheckpoints()
  const { put } = checkpoints
  let finish
  checkpoints.put = (...args) => (finish = () => put(...args))
  const db = Flume(fakeLog([1], { checkpoints })).use('sum', Reduce(1, sum))
  await until(() => finish)
  await db.append(5)
  await db.sum.get()
  const closed = db.close()
  assert.ok(await pending(closed))
  const first = finish
  finish = undefined
  first()
  await until(() => finish)
  finish()
  await closed
  assert.deepEqual(lib.decodeCheckpoint(checkpoints.store.get('sum')), { version: '1', seq: 1, state: '6' })
})

test('on a long way there the state is saved at intervals', async t => {
  const checkpoints = memoryCheckpoints()
  const records = numbers(40_000)
  const log = fakeLog(records, { checkpoints, sync: false, batch: 500 })
  let go
  const { reader } = log
  log.reader = options => {
    const inner = reader(options)
    return { ...inner, next: cb => inner.next((end, items) => (items?.[0].seq === 20_000 ? (go = () => cb(end, items)) : cb(end, items))) }
  }
  const db = Flume(log).use('n', Reduce(1, acc => (acc ?? 0) + 1))
  await until(() => checkpoints.store.has('n'), 'a checkpoint')
  assert.deepEqual(lib.decodeCheckpoint(checkpoints.store.get('n')), { version: '1', seq: 19_999, state: '20000' })
  go()
  assert.equal(await db.n.get(), 40_000)
  await db.close()
})

test('a checkpoint that cannot be read or written costs nothing but time', async () => {
  const err = new FlumeError('STORE', 'no')
  let puts = 0
  const said = await complaints(async () => {
    const db = Flume(fakeLog([1, 2], {
      checkpoints: { get: (_n, cb) => cb(err), put: (_n, _b, cb) => (puts++, cb(err)), delete: (_n, cb) => cb(null) }
    })).use('sum', Reduce(1, sum))
    assert.equal(await db.sum.get(), 3)
    await until(() => puts)
    await db.append(3)
    assert.equal(await db.sum.get(), 6)
    await sleep(150)
    assert.equal(puts, 1, 'it is not tried again at once')
    await db.close()
  })
  assert.equal(said.length, 1)
  assert.match(said[0][0], /view 'sum' cannot save its state/)
})

test('states that JSON would change are not saved; a codec saves them', async () => {
  for (const [initial, add] of [
    [new Map(), (acc, v) => acc.set(v, true)],
    [0n, acc => acc + 1n]
  ]) {
    const store = new Map()
    const said = await complaints(async () => {
      const db = open([1, 2], store, Reduce(1, { reduce: add, initial }))
      await db.sum.get()
      await db.close()
    })
    assert.equal(said.length, 1)
    assert.equal(store.size, 0)
  }
  const codecs = {
    text: { encode: m => [...m].join(), decode: s => new Map(s.split(',').map(v => [+v, true])) },
    bytes: { encode: m => Uint8Array.from(m.keys()), decode: b => new Map([...b].map(v => [v, true])) }
  }
  for (const [kind, codec] of Object.entries(codecs)) {
    const store = new Map()
    const make = () => Reduce(1, { reduce: (acc, v) => acc.set(v, true), initial: new Map(), codec: kind === 'bytes' ? codec : { ...codec, encode: m => [...m.keys()].join() } })
    const db = open([1, 2], store, make())
    await db.sum.get()
    await db.close()
    const again = open([1, 2, 3], store, make())
    assert.deepEqual([...(await again.sum.get()).keys()], [1, 2, 3], kind)
    assert.deepEqual(again.asked, [1])
  }
})

test('a codec that cannot decode rebuilds', async () => {
  const store = new Map()
  const db = open([1, 2], store)
  await db.sum.get()
  await db.close()
  const again = open([1, 2], store, Reduce(1, { reduce: sum, codec: { encode: JSON.stringify, decode() { throw new Error('older') } } }))
  assert.equal(await again.sum.get(), 3)
  assert.deepEqual(again.asked, [-1])
})

test('a state that is still undefined is saved and restored with its seq', async () => {
  const store = new Map()
  const only = Reduce(1, { reduce: sum, map: v => (v > 100 ? v : null) })
  const db = open([1, 2], store, only)
  assert.equal(await db.sum.get(), undefined)
  await db.close()
  const again = open([1, 2, 101], store, only)
  assert.equal(await again.sum.get(), 101)
  assert.deepEqual(again.asked, [1])
})

test('without a store, or over a memory log, it is memory only', async () => {
  const db = Flume(MemLog()).use('sum', Reduce(1, sum))
  await db.append([1, 2])
  assert.deepEqual(await db.sum.get({ values: false }), { seq: 1, version: 1, size: null })
  await db.close()
})

test('killed at any record: what is restored is a prefix, and nothing is counted twice', async () => {
  // Each checkpoint that was ever whole in the store is one the process may wake up to.
  const states = []
  const checkpoints = memoryCheckpoints()
  const { put } = checkpoints
  checkpoints.put = (name, bytes, cb) => { states.push(bytes.slice()); put(name, bytes, cb) }
  const records = []
  const db = Flume(fakeLog(records, { checkpoints })).use('sum', Reduce(1, sum))
  for (let i = 0; i < 5; i++) {
    await db.append(numbers(10).map(j => i * 10 + j))
    await sleep(110)
  }
  await db.close()
  assert.ok(states.length >= 3)
  for (const bytes of states) {
    const again = open([...records, 1000], new Map([['sum', bytes]]))
    assert.equal(await again.sum.get(), 1225 + 1000)
    assert.ok(again.asked[0] >= 0)
  }
})

test('a state of another version is kept beside the new one until that is ready, over reopening and damage', async () => {
  const store = new Map()
  const records = numbers(100)
  const twice = Reduce(2, (acc, v) => (acc ?? 0) + 2 * v)
  const first = open(records, store)
  assert.equal(await first.sum.get(), 4950)
  await first.close()

  // The log gives ten records and then waits, so what is saved is a state on the way.
  const half = (version = twice) => {
    const db = open(records, store, version, { load: false })
    const { reader } = db.log
    db.log.reader = options => reader({ ...options, ...(options.live && { limit: 10 }), live: false })
    db.log.load()
    return db
  }
  for (let opened = 0; opened < 3; opened++) {
    const db = half()
    await until(() => db.sum.since.value === 10 * opened + 9)
    assert.deepEqual(await db.sum.get({ since: -1 }), { seq: 99, version: 2, stale: true, value: 4950 })
    await db.close()
  }
  const kept = store.get('sum')
  for (let i = 0; i < kept.length; i++) {
    const bad = kept.slice()
    bad[i] ^= 1
    const db = open(records, new Map([['sum', bad]]), twice)
    assert.equal(await db.sum.get(), 9900)
    assert.equal(db.asked[0], -1, `byte ${i}`)
  }

  // The old version finds its state again; the new one goes on from where it was, and then drops it.
  const back = open(records, new Map(store))
  assert.equal(await back.sum.get(), 4950)
  assert.deepEqual(back.asked, [99])
  const done = open(records, store, twice)
  assert.equal(await done.sum.get(), 9900)
  assert.deepEqual(done.asked, [29])
  await done.close()
  assert.ok(store.get('sum').length < kept.length)
  const after = open(records, store, twice)
  assert.deepEqual(await after.sum.get({ since: -1 }), { seq: 99, version: 2, value: 9900 })
})
