import assert from 'node:assert/strict'
import { test } from 'node:test'
import pull from 'pull-stream'
import { from, lastValueFrom, take, toArray } from 'rxjs'
import { Flume, FlumeError, Reduce, createObv, failure, fakeLog, keepView, numbers, pending, require, sleep, task, uncaught, until } from './helpers.mjs'

const MemLog = require('flumelog-memory')
const OffsetLog = require('flumelog-offset')
const collect = source => new Promise((resolve, reject) => pull(source, pull.collect((err, all) => (err ? reject(err) : resolve(all)))))

const logs = {
  'our kind of log': () => fakeLog(),
  'our kind of log, answering later': () => fakeLog([], { sync: false, batch: 2 }),
  'flumelog-memory': () => MemLog()
}

for (const [kind, make] of Object.entries(logs)) {
  test(`append, get and stream by promise and by callback (${kind})`, async () => {
    const db = Flume(make())
    assert.equal(db.since.value, -1)
    assert.equal(await db.append('a'), 0)
    assert.equal(db.since.value, 0)
    assert.equal(await db.append(['b', 'c']), 2)
    assert.equal(await new Promise((resolve, reject) => {
      assert.equal(db.append('d', (err, seq) => (err ? reject(err) : resolve(seq))), undefined)
    }), 3)
    assert.equal(await db.get(1), 'b')
    assert.equal(await new Promise((resolve, reject) => {
      assert.equal(db.get(2, (err, value) => (err ? reject(err) : resolve(value))), undefined)
    }), 'c')
    assert.equal(db.meta.get, 2)

    const items = ['a', 'b', 'c', 'd'].map((value, seq) => ({ seq, value }))
    assert.deepEqual(await db.stream().collect(), items)
    assert.deepEqual(await collect(db.stream({ gt: 0, lte: 2 })), items.slice(1, 3))
    assert.deepEqual(await collect(db.stream({ gt: -1, limit: 2 })), items.slice(0, 2))
    assert.deepEqual(await db.stream({ gte: 1, lt: 3, seqs: false }).collect(), ['b', 'c'])
    assert.deepEqual(await db.stream({ values: false }).collect(), [0, 1, 2, 3])
    assert.deepEqual(await db.stream({ values: false, seqs: false }).collect(), ['a', 'b', 'c', 'd'])
    assert.deepEqual(await db.stream({ reverse: true, seqs: false, limit: 2 }).collect(), ['d', 'c'])
    assert.deepEqual(await db.stream({ limit: 0, seqs: false }).collect(), ['a', 'b', 'c', 'd'])
    assert.deepEqual(await db.stream({ gt: undefined, lt: null, signal: undefined, seqs: false }).collect(), ['a', 'b', 'c', 'd'])
    await db.close()
  })

  test(`a live stream goes on; old: false gives only what comes (${kind})`, async () => {
    const db = Flume(make())
    await db.append([1, 2])
    const stop = new AbortController()
    const live = []
    const done = failure((async () => {
      for await (const { value } of db.stream({ gt: 0, live: true, signal: stop.signal })) live.push(value)
    })())
    const fresh = db.stream({ old: false, seqs: false })[Symbol.asyncIterator]()
    const first = fresh.next()
    await task()
    await db.append(3)
    await db.append([4, 5])
    await until(() => live.length === 4)
    assert.deepEqual(live, [2, 3, 4, 5])
    assert.equal((await first).value, 3)
    stop.abort()
    assert.equal((await done).code, 'ABORTED')
    await fresh.return()
    assert.deepEqual(await lastValueFrom(from(db.stream({ live: true, seqs: false })).pipe(take(3), toArray())), [1, 2, 3])
    await db.close()
  })

  test(`get refuses what is not a seq and misses what is not there (${kind})`, async () => {
    const db = Flume(make())
    await db.append(['a'])
    for (const seq of ['0', null, undefined, NaN, {}, 0n])
      assert.equal((await failure(db.get(seq))).code, 'INVALID_OPTION', String(seq))
    for (const seq of [-1, 1, 1.5, 1e15, Infinity]) {
      const err = await failure(db.get(seq))
      assert.equal(err.code, 'NOT_FOUND', String(seq))
      assert.equal(err.seq, seq)
    }
    assert.equal((await new Promise(resolve => db.get(5, resolve))).code, 'NOT_FOUND')
    assert.equal(await db.get(0), 'a')
    await db.close()
  })
}

test('stream options: unknown ones throw and name the known, bounds must be numbers', () => {
  const db = Flume(fakeLog())
  assert.throws(() => db.stream({ gtt: 1 }), err => {
    assert.ok(err instanceof FlumeError)
    assert.equal(err.code, 'INVALID_OPTION')
    for (const name of ['gtt', 'gt', 'gte', 'lt', 'lte', 'reverse', 'live', 'old', 'limit', 'seqs', 'values', 'sync', 'cache', 'signal'])
      assert.ok(err.message.includes(name), name)
    return true
  })
  for (const bound of ['gt', 'gte', 'lt', 'lte', 'limit'])
    for (const value of ['1', NaN, {}, 1n, true])
      assert.throws(() => db.stream({ [bound]: value }), { code: 'INVALID_OPTION' }, `${bound}: ${String(value)}`)
  db.stream({ gt: -1, lt: Infinity, live: true, old: true, limit: -1, seqs: true, values: true, sync: false, cache: false })
  db.stream(null)
})

test('the log is given the options without the signal', async () => {
  const log = fakeLog([1])
  const { reader } = log
  const asked = []
  log.reader = options => {
    asked.push(options)
    return reader(options)
  }
  const db = Flume(log)
  await db.stream({ gt: -1, lt: undefined, cache: false, signal: new AbortController().signal }).collect()
  assert.deepEqual(asked, [{ gt: -1, cache: false }])
})

test('Flume returns at once: reads and appends asked for while the log loads are answered when it has', async () => {
  const log = fakeLog(['a'], { load: false })
  const db = Flume(log).use('count', Reduce(1, n => (n ?? 0) + 1))
  const asked = [db.get(0), db.append('b'), db.stream({ seqs: false, limit: 1 }).collect(), db.count.get({ since: 0, meta: false })]
  for (const p of asked) assert.ok(await pending(p))
  assert.equal(db.since.value, undefined)
  log.load()
  const [a, seq, all, count] = await Promise.all(asked)
  assert.deepEqual([a, seq, all], ['a', 1, ['a']])
  assert.ok(count === 1 || count === 2)
  assert.equal(await db.count.get(), 2)
  await db.close()
})

test('a log that does not load fails everything that waits, and everything after', async () => {
  const log = fakeLog([], { load: false })
  const db = Flume(log).use('v', Reduce(1, () => 0)).use('keep', keepView())
  const asked = [db.get(0), db.append('b'), db.stream().collect(), db.v.get(), db.keep.all(), db.keep.all({ since: 3 })].map(failure)
  const broken = new FlumeError('LOCKED', 'held by another')
  log.load(broken)
  for (const p of asked) assert.equal(await p, broken)
  assert.equal(await failure(db.get(0)), broken)
  assert.equal(await failure(db.stream().collect()), broken)
  assert.equal(await failure(db.v.get()), broken)
  assert.equal(await failure(db.rebuild()), broken)
  assert.deepEqual(await db.keep.all({ since: -1 }), [])
  assert.equal(db.progress.value.error, broken)
  await db.close()
})

test("what a callback throws is reported as uncaught, whatever called it", async () => {
  const db = Flume(fakeLog(['a'], { sync: true })).use('v', keepView())
  const thrower = () => { throw new Error('callback') }
  for (const ask of [
    () => db.get(0, thrower),
    () => db.get(99, thrower),
    () => db.append('b', thrower),
    () => db.v.all(thrower),
    () => db.rebuild(thrower),
    () => db.close(thrower)
  ]) {
    const caught = uncaught()
    ask()
    assert.equal((await caught).message, 'callback')
  }
})

test('after close: thrown to callers with a callback, rejected for those without', async () => {
  const db = Flume(fakeLog(['a'])).use('v', Reduce(1, () => 1))
  await db.v.get()
  await db.close()
  assert.equal(db.closed, true)
  const closed = method => ({ code: 'CLOSED', message: `cannot call:${method}, flumedb instance closed` })
  const never = () => assert.fail('called back')
  assert.throws(() => db.append(1, never), closed('append'))
  assert.throws(() => db.get(0, never), closed('get'))
  assert.throws(() => db.rebuild(never), closed('rebuild'))
  assert.throws(() => db.v.get(never), closed('get'))
  assert.throws(() => db.v.stream(), closed('stream'))
  assert.throws(() => db.v.value(() => {}), closed('value'))
  assert.throws(() => db.stream(), closed('stream'))
  assert.throws(() => db.use('w', keepView()), closed('use'))
  await assert.rejects(db.append(1), closed('append'))
  await assert.rejects(db.get(0), closed('get'))
  await assert.rejects(db.rebuild(), closed('rebuild'))
  await assert.rejects(db.v.get(), closed('get'))
  assert.equal(db.v.value.value, 1)
})

test('close: views, then the log, once; every caller is answered when it is done', async () => {
  const order = []
  const log = fakeLog([], {
    close(cb) {
      order.push('log')
      setTimeout(cb, 5)
    }
  })
  const db = Flume(log).use('a', keepView({ close: cb => setTimeout(() => { order.push('view'); cb() }, 5) }))
  let second = 0
  const first = db.close()
  assert.equal(db.closed, true)
  db.close(() => second++)
  assert.equal(second, 0)
  await first
  assert.equal(second, 1)
  await db.close()
  assert.deepEqual(order, ['view', 'log'])
})

test('close: errors of views and of the log are answered, and everything is closed all the same', async () => {
  const err = new Error('view')
  const log = fakeLog()
  const db = Flume(log).use('a', keepView({ close: cb => cb(err) })).use('b', keepView({ close: () => { throw new Error('b') } }))
  assert.equal(await failure(db.close()), err)
  assert.equal(log.closed, true)
  assert.equal(await failure(db.close()), err)

  const bad = new Error('log')
  assert.equal(await failure(Flume(fakeLog([], { close: cb => cb(bad) })).close()), bad)
  assert.equal(await failure(Flume(fakeLog([], { close: () => { throw bad } })).close()), bad)
  const { close, ...without } = fakeLog()
  await Flume(without).close()
})

test('reads pending at close fail with CLOSED, live streams end, and nothing is held', async () => {
  const log = fakeLog(numbers(10))
  let called = 0
  const db = Flume(log).use('slow', keepView({
    createSink: () => read => read(null, () => {}), // takes one record and never asks again
    all: (_o, cb) => { called++; cb() },
    methods: { list: 'source' },
    list: () => { called++ }
  }))
  const iterator = db.stream({ live: true })[Symbol.asyncIterator]()
  for (let i = 0; i < 10; i++) await iterator.next()
  const unfinished = db.stream()[Symbol.asyncIterator]()
  await unfinished.next()
  const results = [
    db.slow.all(),
    db.slow.all({ since: 3 }),
    db.slow.list().collect(),
    new Promise((_, reject) => db.slow.ready(reject))
  ].map(failure)
  const live = [iterator.next(), db.stream({ live: true }).collect(), db.slow.list({ old: false }).collect()]
  const unread = db.stream()
  await task()
  assert.ok(log.readers > 0)
  await db.close()
  for (const [i, p] of results.entries()) assert.equal((await p).code, 'CLOSED', String(i))
  assert.equal((await failure(unread.collect())).code, 'CLOSED')
  assert.equal((await failure((async () => { while (!(await unfinished.next()).done); })())).code, 'CLOSED')
  assert.deepEqual(await Promise.all(live), [{ value: undefined, done: true }, numbers(10).map(n => ({ seq: n, value: n })), []])
  assert.equal(called, 0)
  assert.equal(log.readers, 0)
})

test('reads pending at close while the log has not loaded', async () => {
  const log = fakeLog([], { load: false })
  const db = Flume(log).use('v', Reduce(1, () => 1))
  const results = [db.get(0), db.stream().collect(), db.v.get(), db.v.get({ since: 5 }), db.v.stream().collect()].map(failure)
  const live = db.v.stream({ live: true }).collect()
  await db.close()
  for (const p of results) assert.equal((await p).code, 'CLOSED')
  assert.deepEqual(await live, [])
  log.load()
})

test('since: promises, subscription, iteration end with the database', async () => {
  const db = Flume(MemLog())
  const seen = []
  const iterated = (async () => { for await (const seq of db.since) seen.push(seq) })()
  let complete = false
  db.since.subscribe({ complete: () => (complete = true) })
  await db.append(1)
  await task()
  assert.deepEqual(seen, [-1, 0])
  await db.close()
  await iterated
  assert.ok(complete)
})

test("log methods are found on the database, by promise or callback; clashes and lies throw", async () => {
  const db = Flume(fakeLog([], {
    methods: { del: 'async', size: 'sync' },
    del(seq, cb) { setImmediate(cb, seq < 0 ? new Error('no') : null, 'deleted ' + seq) },
    size: () => 7
  }))
  assert.equal(await db.del(3), 'deleted 3')
  assert.equal((await failure(db.del(-3))).message, 'no')
  assert.equal(await new Promise(resolve => db.del(4, (_, v) => resolve(v))), 'deleted 4')
  assert.equal(db.size(), 7)
  assert.throws(() => Flume(fakeLog([], { methods: { get: 'async' } })), /log method "get" conflicts/)
  assert.throws(() => Flume(fakeLog([], { methods: { nope: 'async' } })), /expected function named: "nope" of type: "async"/)
  await db.close()
  assert.equal((await failure(db.del(3))).code, 'CLOSED')
})

test('dir is the folder of the log file, or null', () => {
  const dir = filename => Flume(fakeLog([], { filename })).dir
  assert.equal(dir(undefined), null)
  assert.equal(dir('/a/b/log.offset'), '/a/b')
  assert.equal(dir('/log'), '/')
  assert.equal(dir('log'), '.')
  assert.equal(dir('C:\\data\\log'), 'C:\\data')
})

test('the mapper stands between the log and get, streams and views, but not seqs', async () => {
  for (const mapper of [(v, cb) => cb(null, v * 10), (v, cb) => setImmediate(cb, null, v * 10)]) {
    const log = fakeLog([1, 2, 3])
    const db = Flume(log, null, mapper).use('sum', Reduce(1, (acc, v) => acc + v, null, null, 0))
    assert.equal(await db.get(1), 20)
    assert.deepEqual(await db.stream().collect(), [{ seq: 0, value: 10 }, { seq: 1, value: 20 }, { seq: 2, value: 30 }])
    assert.deepEqual(await db.stream({ seqs: false }).collect(), [10, 20, 30])
    assert.deepEqual(await db.stream({ values: false }).collect(), [0, 1, 2])
    assert.deepEqual(await db.stream({ values: false, seqs: false }).collect(), [10, 20, 30])
    assert.equal(await db.sum.get(), 60)
    for await (const _ of db.stream()) break
    await db.close()
    assert.equal(log.readers, 0)
  }
})

test('a slow mapper gives each record as it is ready, in order, and reads no further than asked', async () => {
  const mapping = []
  const db = Flume(fakeLog(numbers(10)), null, (v, cb) => mapping.push(() => cb(null, v)))
  const it = db.stream({ seqs: false })[Symbol.asyncIterator]()
  const first = it.next()
  await until(() => mapping.length)
  mapping.shift()()
  assert.equal((await first).value, 0)
  await sleep(5)
  assert.ok(mapping.length <= 1)
  const second = it.next()
  await until(() => mapping.length)
  mapping.shift()()
  assert.equal((await second).value, 1)
  await it.return()
})

test("a mapper's error ends the stream after the records before it; a throw is an error", async () => {
  for (const mapper of [
    (v, cb) => (v === 2 ? cb(new Error('key')) : cb(null, v)),
    (v, cb) => { if (v === 2) throw new Error('key'); cb(null, v) },
    (v, cb) => setImmediate(() => (v === 2 ? cb(new Error('key')) : cb(null, v)))
  ]) {
    const log = fakeLog([0, 1, 2, 3])
    const db = Flume(log, null, mapper)
    assert.equal((await failure(db.get(2))).message, 'key')
    const seen = []
    const err = await failure((async () => { for await (const { seq } of db.stream()) seen.push(seq) })())
    assert.equal(err.message, 'key')
    assert.deepEqual(seen, [0, 1])
    await until(() => !log.readers)
    assert.deepEqual(await db.stream({ gt: 2, seqs: false }).collect(), [3])
  }
})

test('errors of the log reach whoever asked', async () => {
  const err = new FlumeError('QUOTA', 'full')
  const log = fakeLog([1], {
    append: (_v, cb) => setImmediate(cb, err),
    get: (_seq, cb) => cb(err)
  })
  const db = Flume(log)
  assert.equal(await failure(db.append(1)), err)
  assert.equal(await failure(db.get(0)), err)
  log.fail = err
  assert.equal(await failure(db.stream().collect()), err)
  const thrower = Flume({ ...fakeLog([1]), append() { throw err }, get() { throw err }, reader() { throw err } })
  assert.equal(await failure(thrower.append(1)), err)
  assert.equal(await failure(thrower.get(0)), err)
  assert.equal(await failure(thrower.stream().collect()), err)
})

test('pull-stream interoperation: piping, asyncMap back into get, take', async () => {
  const db = Flume(fakeLog(['a', 'b', 'c'], { sync: false }))
  assert.deepEqual(await collect(pull(db.stream({ values: false }), pull.asyncMap((seq, cb) => db.get(seq, cb)))), ['a', 'b', 'c'])
  assert.deepEqual(await collect(pull(db.stream({ live: true }), pull.take(2), pull.map(i => i.seq))), [0, 1])
})

test('many streams opened and left leave no reader behind', async () => {
  const log = fakeLog(numbers(1000), { batch: 10 })
  const db = Flume(log)
  for (let i = 0; i < 200; i++) {
    for await (const _ of db.stream({ live: true })) break
    const it = db.stream({ live: true, gt: 999 })[Symbol.asyncIterator]()
    const waiting = it.next()
    await it.return()
    await waiting
    const reader = db.stream().toReadableStream().getReader()
    await reader.read()
    await reader.cancel()
    db.stream({ live: true }).subscribe(() => {}).unsubscribe()
  }
  assert.equal(log.readers, 0)
})

test('flumelog-offset, with byte offsets for seqs', async () => {
  const { mkdtempSync } = await import('node:fs')
  const log = OffsetLog(mkdtempSync('/tmp/flume-offset-') + '/log', { codec: require('flumecodec/json') })
  const db = Flume(log).use('n', Reduce(1, (acc, v) => acc + v.n, null, null, 0))
  const seqs = [await db.append({ n: 1 }), await db.append([{ n: 2 }, { n: 3 }])]
  assert.equal(await db.n.get(), 6)
  assert.deepEqual(await db.get(seqs[1]), { n: 3 })
  assert.deepEqual(await db.stream({ gt: seqs[0], seqs: false }).collect(), [{ n: 2 }, { n: 3 }])
  assert.ok(db.dir.startsWith('/tmp/flume-offset-'))
  await until(() => db.progress.value.seq === db.since.value)
  await db.close()
})

test('Flume as others build it: since set before the append calls back', async () => {
  const db = Flume(MemLog())
  await new Promise(resolve => db.append('x', (_, seq) => {
    assert.equal(db.since.value, seq)
    resolve()
  }))
})

test('a log of obv and pull-cursor that loads later is not read before it has a record', async () => {
  const since = require('obv')()
  const records = []
  const reads = []
  const stream = require('pull-cursor')(since, (seq, cb) => {
    reads.push(seq)
    cb(null, records[seq], seq - 1, seq + 1)
  })
  const log = { since, stream, get: (seq, cb) => cb(null, records[seq]), append(v, cb) { records.push(v); since.set(records.length - 1); cb(null, since.value) } }
  const db = Flume(log).use('v', keepView())
  since.set(-1)
  await sleep(5)
  assert.deepEqual(reads, [])
  await db.append('a')
  assert.deepEqual(await db.v.all(), [0])
})
