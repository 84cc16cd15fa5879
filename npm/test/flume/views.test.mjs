import assert from 'node:assert/strict'
import { test } from 'node:test'
import pull from 'pull-stream'
import { Flume, FlumeError, Reduce, complaints, createObv, failure, fakeLog, keepView, lib, memoryCheckpoints, numbers, pending, require, sleep, task, uncaught, until } from './helpers.mjs'

const MemLog = require('flumelog-memory')
const TheirReduce = require('flumeview-reduce')

/** A view whose stream is held: `view.step(n)` applies n records. */
function heldView() {
  const create = keepView({
    createSink(done) {
      const view = keepView.last
      view.builds++
      view.done = done
      return read => {
        view.step = n => new Promise(resolve => {
          const one = () => n-- === 0 ? resolve() : read(null, (end, item) => {
            if (end) return done(end === true ? null : end)
            view.seen.push(item)
            view.since.set(item.seq)
            one()
          })
          one()
        })
      }
    }
  })
  return create
}

test('a read waits for what was in the log when it was made, and for no more', async () => {
  const log = fakeLog(numbers(3))
  const db = Flume(log).use('v', heldView())
  const view = keepView.last
  const first = db.v.all()
  await view.step(2)
  assert.ok(await pending(first))
  await db.append('more')
  await view.step(1)
  assert.deepEqual(await first, [0, 1, 2])
  const second = db.v.all()
  assert.ok(await pending(second))
  await view.step(1)
  assert.deepEqual(await second, [0, 1, 2, 3])
})

test('{since: n} waits for n, 0 included, in whatever order they are asked', async () => {
  const db = Flume(fakeLog(numbers(10))).use('v', heldView())
  const view = keepView.last
  const fired = []
  for (const n of [1, 2, 7, 3, 0, 5]) db.v.all({ since: n }, err => fired.push(err ?? n))
  db.v.ready(() => fired.push('ready'), 4)
  await view.step(1)
  assert.deepEqual(fired, [0])
  await view.step(3)
  assert.deepEqual(fired, [0, 1, 2, 3])
  await view.step(6)
  assert.deepEqual(fired, [0, 1, 2, 3, 'ready', 5, 7])
  const future = db.v.all({ since: 10 })
  assert.ok(await pending(future))
  await db.append('x')
  await view.step(1)
  assert.equal((await future).length, 11)
  for (const since of [NaN, '3', {}, true])
    assert.equal((await failure(db.v.all({ since }))).code, 'INVALID_OPTION', String(since))
})

test('{since: -1} waits only until the view has loaded', async () => {
  const db = Flume(fakeLog(numbers(5)), false).use('v', keepView({ since: createObv() }))
  const view = keepView.last
  const read = db.v.all({ since: -1 })
  assert.ok(await pending(read))
  view.since.set(-1)
  assert.deepEqual(await read, [])
  const held = Flume(fakeLog(numbers(5))).use('v', heldView())
  await keepView.last.step(2)
  assert.deepEqual(await held.v.all({ since: -1 }), [0, 1])
})

test('a hundred thousand waiting reads cost no more than their number', async () => {
  const db = Flume(fakeLog(numbers(2000))).use('v', heldView())
  const view = keepView.last
  let fired = 0
  const began = process.cpuUsage().user
  for (let i = 0; i < 100_000; i++) db.v.ready(() => fired++, 1999)
  await view.step(1999)
  assert.equal(fired, 0)
  assert.ok(process.cpuUsage().user - began < 2_000_000, 'the waiting were looked at for each record')
  await view.step(1)
  assert.equal(fired, 100_000)
})

test('ready: views start and reads are answered only once it is set, then synchronously', async () => {
  const log = fakeLog(numbers(3))
  const db = Flume(log, false).use('v', keepView())
  const view = keepView.last
  assert.equal(db.ready.value, undefined)
  let answered
  db.v.all((_, all) => (answered = all))
  await sleep(5)
  assert.equal(view.builds, 0)
  db.ready.set(true)
  await until(() => answered)
  assert.deepEqual(answered, [0, 1, 2])
  db.ready.set(false)
  db.v.all((_, all) => (answered = 'again'))
  await sleep(5)
  assert.deepEqual(answered, [0, 1, 2])
  assert.deepEqual(await db.v.all({ since: -1 }), [0, 1, 2])
  db.ready.set(true)
  assert.equal(answered, 'again')
})

test('what is asked of the log for a view', async () => {
  const log = fakeLog(numbers(3))
  const asked = []
  const { reader } = log
  log.reader = options => (asked.push(options), reader(options))
  Flume(log).use('new', keepView()).use('old', keepView({ since: createObv(1) }))
  await until(() => asked.length === 2)
  assert.deepEqual(asked, [
    { gt: -1, live: true, seqs: true, values: true, cache: false },
    { gt: 1, live: true, seqs: true, values: true }
  ])
})

test('methods: async by promise and callback, source, sync; counted; views and meta list them', async () => {
  const db = Flume(fakeLog(['a', 'b'])).use('v', keepView({
    methods: { one: 'async', list: 'source', now: 'sync', both: 'async', obv: 'sync' },
    one: cb => cb(null, 'one'),
    both: (a, b) => (typeof a === 'function' ? a(null, 'no options') : b(null, a)),
    list: opts => pull.values([1, 2, opts]),
    now(a, b) { return [this === keepView.last, a, b] },
    obv: createObv('value')
  }))
  assert.equal(await db.v.one(), 'one')
  assert.equal(await new Promise(resolve => db.v.one((_, v) => resolve(v))), 'one')
  assert.equal(await db.v.both({ x: 1 }).then(o => o.x), 1)
  assert.equal(await new Promise(resolve => db.v.both('key', (_, v) => resolve(v))), 'key')
  assert.equal(await db.v.both(null), null)
  assert.deepEqual(await db.v.list(3).collect(), [1, 2, 3])
  const seen = []
  for await (const x of db.v.list({ since: 0 })) seen.push(x)
  assert.deepEqual(seen, [1, 2, { since: 0 }])
  assert.deepEqual(db.v.now(1, 2), [true, 1, 2])
  assert.equal(db.v.obv.value, 'value')
  let heard
  db.v.obv(v => (heard = v))
  assert.equal(heard, 'value')
  assert.deepEqual(db.v.meta, { all: 0, one: 2, both: 3, list: 2 + 6, now: 1, obv: 1 })
  assert.equal(db.meta.v, db.v.meta)
  assert.deepEqual(Object.keys(db.views), ['v'])
  assert.equal(db.views.v, db.v)
  assert.equal(db.v.name, 'v')
})

test('a method that throws fails its caller, not the view', async () => {
  const db = Flume(fakeLog(['a'])).use('v', keepView({
    methods: { bad: 'async', badSource: 'source', badSync: 'sync' },
    bad: (_o, _cb) => { throw new Error('inside') },
    badSource: () => { throw new Error('inside') },
    badSync: () => { throw new Error('inside') }
  }))
  const err = await failure(db.v.bad())
  assert.equal(err.code, 'VIEW')
  assert.equal(err.view, 'v')
  assert.equal(err.cause.message, 'inside')
  assert.equal((await failure(db.v.badSource().collect())).message, 'inside')
  assert.throws(() => db.v.badSync(), /inside/)
  assert.deepEqual(await db.v.all(), [0])
})

test('use: names and views that are not as they should be', () => {
  const db = Flume(fakeLog()).use('v', keepView())
  assert.throws(() => db.use('v', keepView()), /v is already in use!/)
  assert.throws(() => db.use('append', keepView()), /append is already in use!/)
  for (const method of ['close', 'createSink', 'destroy', 'since'])
    assert.throws(() => db.use('w', keepView({ [method]: undefined })), new RegExp(`FlumeDB view 'w' must implement method '${method}'`))
  assert.throws(() => db.use('w', (...a) => ({ ...keepView()(...a), methods: undefined })), /a stream view must have methods property/)
  assert.throws(() => db.use('w', keepView({ methods: { nope: 'async' } })), /expected function named:nope/)
  assert.throws(() => db.use('w', keepView({ methods: { all: 'promise' } })), /no known kind: promise/)
  assert.deepEqual(Object.keys(db.views), ['v'])
  db.use('w', keepView())
})

test('what a view is given', async () => {
  const checkpoints = memoryCheckpoints()
  const db = Flume(fakeLog(['a', 'b'], { filename: '/x/log', checkpoints }), true, (v, cb) => cb(null, v + '!')).use('v', keepView())
  const { log, name } = keepView.last
  assert.equal(name, 'v')
  assert.equal(log.filename, '/x/log')
  assert.equal(log.checkpoints, checkpoints)
  assert.equal(log.since, db.since)
  assert.equal(await new Promise(resolve => log.get(1, (_, v) => resolve(v))), 'b!')
  assert.deepEqual(await log.stream({ seqs: false }).collect(), ['a!', 'b!'])
})

test('a view ahead of its log is destroyed, then built again', async () => {
  let finish
  let builds = 0
  const since = createObv(7)
  const db = Flume(fakeLog(['a', 'b'])).use('v', keepView({
    since,
    destroy(cb) { finish = () => { since.set(-1); cb() } },
    createSink(done) {
      builds++
      return read => read(null, function next(end, item) {
        if (end) return done()
        since.set(item.seq)
        read(null, next)
      })
    }
  }))
  const read = db.v.all()
  const free = db.v.all({ since: -1 })
  assert.ok(await pending(read), 'a view being destroyed is not ready, whatever its since')
  await free
  assert.equal(builds, 0)
  finish()
  await read
  assert.equal(since.value, 1)
  assert.equal(builds, 1)
})

test('a reducer that throws stops its view alone', async () => {
  for (const make of [Reduce, TheirReduce]) {
    const log = fakeLog([1, 2, 'bad', 4])
    const db = Flume(log)
      .use('sum', make(1, (acc, v) => {
        if (v === 'bad') throw new TypeError('not a number')
        return (acc || 0) + v
      }))
      .use('count', make(1, acc => (acc || 0) + 1))
    const err = await failure(db.sum.get())
    assert.ok(err instanceof FlumeError)
    assert.equal(err.code, 'VIEW')
    assert.equal(err.view, 'sum')
    assert.equal(err.seq, 2)
    assert.equal(err.cause.message, 'not a number')
    assert.equal(await db.append(5), 4)
    assert.equal(await db.count.get(), 5)
    assert.deepEqual(await db.sum.get({ since: -1 }), { seq: 1, version: 1, value: 3 })
    assert.deepEqual(await db.sum.get({ since: 1 }), { seq: 1, version: 1, value: 3 })
    assert.equal((await failure(db.sum.get({ since: 2 }))).code, 'VIEW')
    assert.equal((await failure(db.sum.stream({ live: true }).collect())).code, 'VIEW')
    assert.equal((await failure(new Promise((_, no) => db.sum.ready(no)))).code, 'VIEW')
    assert.equal(log.readers, 1, "only the other view's")
    log.records[2] = 3
    await db.rebuild()
    assert.equal(await db.sum.get(), 15)
    await db.close()
  }
})

test('a throw later than the first batch, from an asynchronous log', async () => {
  const log = fakeLog(numbers(10), { sync: false, batch: 3 })
  const db = Flume(log).use('v', keepView({ write: ({ value }) => { if (value === 7) throw new Error('seven') } }))
  const err = await failure(db.v.all())
  assert.equal(err.seq, 7)
  assert.equal(log.readers, 0)
})

test('a sink that throws because its stream was stopped is reported, and stops nothing', async () => {
  const db = Flume(fakeLog([1])).use('v', keepView({
    createSink() {
      const self = keepView.last
      return read => read(null, function next(end, item) {
        if (end) throw new Error('did not expect an end')
        self.since.set(item.seq)
        read(null, next)
      })
    }
  }))
  await db.v.all()
  const caught = uncaught()
  const rebuilt = db.rebuild()
  assert.equal((await caught).message, 'did not expect an end')
  await rebuilt
  assert.equal(keepView.last.since.value, 0)
})

test('a createSink that throws stops its view; one that returns nothing is left alone', async () => {
  const db = Flume(fakeLog([1]))
    .use('a', keepView({ createSink() { throw new Error('no sink') } }))
    .use('b', keepView({ createSink() {} }))
  assert.equal((await failure(db.a.all())).cause.message, 'no sink')
  assert.ok(await pending(db.b.all()))
})

test("a stream that fails without the view's wish rebuilds it, a bounded number of times, and says so", async () => {
  const view = keepView({
    createSink(done) {
      const self = keepView.last
      self.builds++
      return read => read(null, () => setImmediate(done, new Error('disk')))
    }
  })
  let db, mine, err
  const said = await complaints(async () => {
    db = Flume(fakeLog([1, 2])).use('v', view)
    mine = keepView.last
    err = await failure(db.v.all())
  })
  assert.equal(err.code, 'VIEW')
  assert.equal(err.view, 'v')
  assert.equal(err.cause.message, 'disk')
  assert.equal(mine.destroyed, 3)
  assert.equal(mine.builds, 4)
  assert.equal(said.length, 3)
  assert.match(said[0][0], /rebuilding view 'v'/)
  assert.equal(said[0][1].message, 'disk')
  assert.equal(db.progress.value.error, err)
  await sleep(100)
  assert.equal(mine.builds, 4, 'it is left alone')
})

test('a failure that passes is healed by the rebuild', async () => {
  let bad = 2
  const said = await complaints(async () => {
    const db = Flume(fakeLog([1, 2, 3]), null, (v, cb) => (v === 3 && bad-- > 0 ? cb(new Error('no key yet')) : cb(null, v)))
    db.use('v', keepView())
    assert.deepEqual(await db.v.all(), [0, 1, 2])
    assert.deepEqual(keepView.last.seen.map(i => i.seq), [0, 1, 2])
    assert.equal(keepView.last.destroyed, 2)
    await db.append([3, 3])
    assert.deepEqual(await db.v.all(), [0, 1, 2, 3, 4])
  })
  assert.equal(said.length, 2)
})

test('a permanent mapper error stops the view without spinning, and not the log', async () => {
  let calls = 0
  await complaints(async () => {
    const db = Flume(fakeLog([1, 2]), null, (v, cb) => { calls++; cb(new Error('never')) }).use('v', keepView())
    assert.equal((await failure(db.v.all())).cause.message, 'never')
    await db.append(3)
    assert.ok(calls <= 6, `${calls} calls`)
  })
})

test('a rebuild that is asked for has all its chances again', async () => {
  await complaints(async () => {
    let bad = Infinity
    const db = Flume(fakeLog([1, 2, 3]), null, (v, cb) => (v === 3 && bad-- > 0 ? cb(new Error('no key')) : cb(null, v))).use('v', keepView())
    assert.equal((await failure(db.v.all())).code, 'VIEW')
    bad = 2
    await db.rebuild()
    assert.deepEqual(await db.v.all(), [0, 1, 2])
  })
})

test("an error of the log's own leaves the view's state; the host's storage gets more chances", async () => {
  for (const [code, resumes] of [['CORRUPT', 0], ['STORE', 3]]) {
    const log = fakeLog(numbers(10), { batch: 4 })
    const err = new FlumeError(code, 'damaged')
    const { reader } = log
    log.reader = options => {
      const inner = reader(options)
      return { ...inner, next: cb => inner.next((end, items) => (items && items[0].seq >= 4 ? (inner.close(true), cb(err)) : cb(end, items))) }
    }
    const said = await complaints(async () => {
      const db = Flume(log).use('v', keepView())
      assert.equal(await failure(db.v.all()), err)
      assert.deepEqual(await db.v.all({ since: -1 }), [0, 1, 2, 3])
    })
    assert.equal(said.length, resumes)
    assert.equal(keepView.last.destroyed, 0)
    assert.equal(keepView.last.builds, 1 + resumes)
  }
})

test('a stream that ends cleanly, or by an abort of the view, goes on where the view is', async () => {
  for (const end of [null, true, Object.assign(new Error('aborted'), { abort: true })]) {
    const db = Flume(fakeLog(numbers(6))).use('v', keepView({
      createSink(done) {
        const self = keepView.last
        self.builds++
        return read => read(null, (e, item) => {
          if (e) return
          self.seen.push(item)
          self.since.set(item.seq)
          read(true, () => done(end))
        })
      }
    }))
    assert.deepEqual(await db.v.all(), [0, 1, 2, 3, 4, 5])
    assert.ok(keepView.last.builds >= 6)
    assert.equal(keepView.last.destroyed, 0)
    await db.close()
  }
})

test('rebuild: every view is destroyed, built again and caught up; reads wait meanwhile', async () => {
  const log = fakeLog(numbers(5), { sync: false, batch: 2 })
  const db = Flume(log).use('a', keepView())
  const a = keepView.last
  db.use('b', Reduce(1, acc => (acc ?? 0) + 1))
  await db.b.get()
  await db.a.all()
  const rebuilt = db.rebuild()
  assert.equal(a.destroyed, 1)
  const read = db.a.all()
  await rebuilt
  assert.deepEqual(await read, [0, 1, 2, 3, 4])
  assert.equal(await db.b.get(), 5)
  assert.equal(log.readers, 2)
  await db.append('x')
  assert.equal(await db.b.get(), 6)
  assert.equal((await db.a.all()).length, 6)
  await Promise.all([db.rebuild(), db.rebuild()])
  assert.equal(await db.b.get(), 6)
  assert.equal(log.readers, 2)
})

test('rebuild with no views, with an error of destroy, and cut short by close', async () => {
  await Flume(fakeLog()).rebuild()
  const err = new Error('destroy')
  const db = Flume(fakeLog([1])).use('v', keepView({ destroy: cb => cb(err) }))
  assert.equal(await failure(db.rebuild()), err)
  const thrower = Flume(fakeLog([1])).use('v', keepView({ destroy() { throw err } }))
  assert.equal(await failure(thrower.rebuild()), err)
  const held = Flume(fakeLog([1])).use('v', heldView())
  const cut = failure(held.rebuild())
  await held.close()
  assert.equal((await cut).code, 'CLOSED')
})

test('close ends the stream of each view before the view is closed', async () => {
  const order = []
  const log = fakeLog(numbers(3))
  const db = Flume(log).use('one', keepView({ close: cb => { order.push('one ' + log.readers); cb() } }))
  db.use('two', keepView({ close: (err, cb) => { order.push('two ' + err); cb() } }))
  await db.one.all()
  const said = await complaints(() => db.close())
  assert.deepEqual(order, ['one 1', 'two null'])
  assert.equal(log.readers, 0)
  assert.deepEqual(said, [])
  assert.equal(db.progress.value.error, undefined)
})

test('several views over a memory log, by name and with types of their own', async () => {
  const db = Flume(MemLog())
    .use('theirs', TheirReduce(1, (acc, v) => (acc || 0) + v))
    .use('ours', Reduce(1, (acc, v) => (acc ?? 0) + v))
  await db.append(numbers(1000))
  assert.equal(await db.theirs.get(), 499500)
  assert.equal(await db.ours.get(), 499500)
  assert.equal(db.theirs.value.value, 499500)
  assert.equal(db.ours.value.value, 499500)
  await db.close()
})

test('views build in slices: other tasks run meanwhile, and {since: -1} is served', async t => {
  let clock = 1
  const { now } = performance
  performance.now = () => clock
  t.after(() => (performance.now = now))
  await task()
  await task()
  const db = Flume(fakeLog(numbers(1000)))
  for (const name of ['a', 'b', 'c']) db.use(name, keepView({ write: () => (clock += 0.1) }))
  let turns = 0
  let served = 0
  let last = clock
  let longest = 0
  const built = db.c.all()
  let done = false
  built.then(() => (done = true))
  while (!done) {
    await task()
    turns++
    longest = Math.max(longest, clock - last)
    last = clock
    served = Math.max(served, (await db.a.all({ since: -1 })).length < 1000 ? turns : 0)
  }
  assert.ok(turns > 10, `${turns} turns`)
  assert.ok(served > 2)
  assert.ok(longest < 30, `${longest} ms`)
})

test('progress: of each view, throttled, and once it has caught up', async () => {
  const log = fakeLog(numbers(5000), { sync: false, batch: 10 })
  const seen = []
  const db = Flume(log)
  db.progress.subscribe(p => seen.push(p))
  db.use('v', keepView())
  await db.v.all()
  assert.deepEqual({ ...seen[0], rate: 0 }, { view: 'v', seq: -1, total: 4999, rate: 0, eta: undefined })
  const last = seen.at(-1)
  assert.deepEqual([last.view, last.seq, last.total, last.eta], ['v', 4999, 4999, 0])
  assert.ok(last.rate > 0)
  assert.equal(db.progress.value, last)
  assert.ok(seen.length < 30, `${seen.length} reports`)
  for (let i = 1; i < seen.length; i++) assert.ok(seen[i].seq >= seen[i - 1].seq)

  const before = seen.length
  for (let i = 0; i < 50; i++) await db.append(i)
  await db.v.all()
  assert.ok(seen.length - before <= 5, 'records that come one by one are not each reported')
  await until(() => seen.at(-1).seq === 5049)
  db.use('empty', keepView({ createSink() {} }))
  assert.equal(seen.at(-1).view, 'empty')
  await db.close()
})

test('progress: rate and time left, by a made clock', t => {
  let clock = 0
  const { now } = performance
  performance.now = () => clock
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => (performance.now = now))
  const seen = []
  const to = createObv()
  to(p => seen.push(p))
  const r = lib.reporter('v', to)
  r.start(-1, 999)
  for (let i = 0; i < 100; i++) { clock += 1; r.read(); r.at(i, 999) }
  t.mock.timers.tick(100)
  assert.deepEqual(seen.at(-1), { view: 'v', seq: 99, total: 999, rate: 1000, eta: 900 })
  assert.equal(seen.length, 2)
  for (let i = 100; i < 1000; i++) { clock += 1; r.read(); r.at(i, 999) }
  assert.deepEqual(seen.at(-1), { view: 'v', seq: 999, total: 999, rate: 1000, eta: 0 })
  clock += 60_000 // a rest, which does not count
  r.read()
  clock += 1
  r.at(1000, 1000)
  t.mock.timers.tick(100)
  assert.deepEqual(seen.at(-1), { view: 'v', seq: 1000, total: 1000, rate: 1000, eta: 0 })
  r.read()
  r.at(1001, 1001)
  r.stop()
  t.mock.timers.tick(1000)
  assert.equal(seen.at(-1).seq, 1000)
  r.stop(new Error('e'))
  assert.equal(seen.at(-1).error.message, 'e')
})

test('a rebuild waits for a view that is still loading, whose old state would else come back', async () => {
  const since = createObv()
  const seen = []
  const db = Flume(fakeLog(numbers(3))).use('v', () => ({
    since,
    methods: { all: 'async' },
    all: cb => cb(null, [...seen]),
    createSink: () => read => read(null, function next(end, item) {
      if (end) return
      seen.push(item.value)
      since.set(item.seq)
      read(null, next)
    }),
    destroy(cb) {
      seen.length = 0
      since.set(-1)
      cb()
    },
    close: cb => cb()
  }))
  const rebuilt = db.rebuild()
  assert.ok(await pending(rebuilt))
  since.set(2) // what it has loaded
  await rebuilt
  assert.deepEqual(await db.v.all(), [0, 1, 2])
})

test('a rebuild that waits when the database closes fails with CLOSED', async () => {
  const db = Flume(fakeLog(numbers(3))).use('v', keepView({ destroy() {} }))
  await db.v.all()
  const rebuilt = failure(db.rebuild())
  await db.close()
  assert.equal((await rebuilt).code, 'CLOSED')
})

test('a view, or a method of the log, may have any name that flumedb has not', async () => {
  const log = fakeLog(['a'], { methods: { del: 'async', export: 'async' }, del: (seq, cb) => cb(null, seq), export: cb => cb(null, 'its own'), added: { stats: 'async' }, stats: cb => cb(null, 'of the log') })
  const db = Flume(log)
  assert.equal(await db.stats(), 'of the log')
  assert.equal(await db.export(), 'its own')
  for (const name of ['stats', 'import', 'progress']) assert.deepEqual(await db.use(name, keepView())[name].all(), [0])
  for (const name of ['stats', 'del', 'export', 'append', 'close', 'closed', 'dir', 'get', 'meta', 'ready', 'rebuild', 'since', 'stream', 'use', 'views'])
    assert.throws(() => db.use(name, keepView()), { code: 'INVALID_OPTION', message: `${name} is already in use!` })
  assert.equal(await db.del(7), 7)
  await db.close()
})

test("all arguments reach a view's method; what it or a log calls back with behind the value, the caller's callback", async () => {
  const log = fakeLog(['a'])
  const { get } = log
  log.get = (seq, cb) => get(seq, (err, value) => cb(err, value, 'more', 'still more'))
  let ofLog
  const db = Flume(log).use('v', log => keepView({
    methods: { sum: 'async' },
    all: (_, cb) => log.get(0, (...answer) => { ofLog = answer; cb(null, 'all', 7) }),
    sum: (a, b, c, cb) => cb(null, a + b + c)
  })(log, 'v'))
  assert.equal(await db.v.sum(1, 2, 3), 6)
  assert.deepEqual(await new Promise(resolve => db.v.all((...answer) => resolve(answer))), [null, 'all', 7])
  assert.deepEqual(await new Promise(resolve => db.get(0, (...answer) => resolve(answer))), [null, 'a', 'more', 'still more'])
  assert.deepEqual(ofLog, [null, 'a', 'more', 'still more'])
  assert.equal(await db.v.all(), 'all')
})

test('a view may hand on options of its own to its log; people may not to the database', async () => {
  const db = Flume(fakeLog(['a', 'b'])).use('v', log => keepView({ methods: { scan: 'source' }, scan: () => log.stream({ scan: true, createStream() {}, gt: 0, seqs: false }) })(log, 'v'))
  assert.deepEqual(await db.v.scan().collect(), ['b'])
  assert.throws(() => db.stream({ scan: true }), { code: 'INVALID_OPTION' })
})

test("read: npm's views and ours on another's log stand at one seq, and are given nothing meanwhile", async () => {
  const db = Flume(MemLog())
    .use('theirs', TheirReduce(1, (acc, v) => ((acc ??= { n: 0 }).n += v, acc)))
    .use('ours', Reduce(1, (acc, v) => (acc ?? 0) + v))
    .use('kept', keepView())
  let going = true
  const appending = (async () => {
    for (let i = 1; going; i++) {
      await db.append(i)
      if (i % 7 === 0) await task()
    }
  })()
  for (let i = 0; i < 100; i++) {
    await task()
    const newest = db.since.value
    const [theirs, ours, kept, seq] = await db.read(['theirs', 'ours', 'kept'], async (theirs, ours, kept) => {
      const first = await theirs.get()
      await task()
      return [first, await ours.get(), await kept.all(), kept.seq]
    })
    assert.ok(seq >= newest)
    assert.equal(kept.length, seq + 1)
    assert.equal(theirs?.n ?? 0, ours ?? 0)
    assert.equal(ours ?? 0, ((seq + 1) * (seq + 2)) / 2)
  }
  going = false
  await appending
  assert.equal((await db.kept.all()).length, db.since.value + 1)
  await db.close()
})
