// What the built-in Reduce does on every host, as cases that run in Node and in a page alike; see ../log/cases.mjs.

import { equal, random, refused, sleep, thrown, until } from './checks.mjs'

const flights = (n, seed = 1) => {
  const next = random(seed)
  return Array.from({ length: n }, (_, i) => ({
    delay: next(200) - 50,
    origin: ['SFO', 'LAX', 'JFK', 'é"\\'][next(4)],
    ...(next(3) && { to: { code: next(5) } }),
    cancelled: next(10) === 0,
    i
  }))
}

/** The same by JavaScript's own means. */
const by = (records, key, fold, initial) => {
  const groups = {}
  for (const r of records) groups[key(r)] = fold(groups[key(r)] ?? initial, r)
  return groups
}

export const cases = {
  async 'answers what a reducer in JavaScript answers' ({ open, Reduce }) {
    const records = flights(3000)
    const db = open()
      .use('sum', Reduce(1, { sum: 'delay' }))
      .use('byOrigin', Reduce(1, { count: true, sum: 'delay', groupBy: 'origin' }))
      .use('nested', Reduce(1, { max: 'delay', groupBy: ['origin', 'to.code'] }))
      .use('named', Reduce(1, {
        cancelled: { count: true, where: { cancelled: true } },
        late: { mean: 'delay', where: { delay: { gt: 60 }, origin: { in: ['SFO', 'JFK'] } } },
        codes: { distinct: 'to.code' },
        edges: { first: 'i', last: ['i'] },
        histogram: { histogram: 'delay', edges: [0, 100] }
      }))
      .use('mine', Reduce(1, (acc, r) => ({ ...acc, [r.origin]: (acc?.[r.origin] ?? 0) + r.delay })))
    for (let i = 0; i < records.length; i += 271) await db.append(records.slice(i, i + 271))
    equal(await db.sum.get(), records.reduce((sum, r) => sum + r.delay, 0))
    equal(await db.byOrigin.get(), by(records, r => r.origin, (acc, r) => ({ count: acc.count + 1, sum: acc.sum + r.delay }), { count: 0, sum: 0 }))
    const mine = await db.mine.get()
    equal(Object.fromEntries(Object.entries(await db.byOrigin.get()).map(([origin, { sum }]) => [origin, sum])), mine)
    const nested = await db.nested.get()
    for (const [origin, codes] of Object.entries(nested))
      for (const [code, max] of Object.entries(codes))
        equal(max, Math.max(...records.filter(r => r.origin === origin && String(r.to?.code) === code).map(r => r.delay)), `${origin} ${code}`)
    equal(Object.keys(nested).length, 4)
    const late = records.filter(r => r.delay > 60 && (r.origin === 'SFO' || r.origin === 'JFK'))
    equal(await db.named.get(), {
      cancelled: records.filter(r => r.cancelled).length,
      late: late.reduce((sum, r) => sum + r.delay, 0) / late.length,
      codes: 5,
      edges: { first: 0, last: 2999 },
      histogram: [
        { from: null, to: 0, count: records.filter(r => r.delay < 0).length },
        { from: 0, to: 100, count: records.filter(r => r.delay >= 0 && r.delay < 100).length },
        { from: 100, to: null, count: records.filter(r => r.delay >= 100).length }
      ]
    })
    await db.close()
  },

  async 'a read sees what was appended before it, whatever it waits for' ({ open, Reduce }) {
    const db = open().use('count', Reduce(1, { count: true }))
    equal(await db.count.get(), 0)
    for (let n = 1; n <= 50; n++) {
      const appended = db.append({ n })
      if (n % 2) await appended
      equal(await db.count.get({ since: n - 1, meta: false }) >= n, true)
      await appended
      equal(await db.count.get(), n)
    }
    equal(await db.count.get({ meta: true }), { seq: 49, version: 1, value: 50 })
    equal((await db.count.get({ values: false })).seq, 49)
    equal(await db.count.get({ since: -1, meta: false }), 50)
    equal(await new Promise((resolve, reject) => db.count.get((err, value) => (err ? reject(err) : resolve(value)))), 50)
    equal(db.count.since.value, 49)
    await db.close()
    await refused(db.count.get(), 'CLOSED', 'a read after close')
  },

  async 'a state that is asked for again is of the records as they are by then' ({ open, Reduce }) {
    const options = { count: true, sum: 'n', groupBy: 'k' }
    const db = open().use('v', Reduce(1, options))
    const records = []
    const next = random(4)
    for (let round = 0; round < 120; round++) {
      const action = next(4)
      if (action < 2 || !records.length) {
        const record = { n: next(100), k: 'abc'[next(3)] }
        records.push(record)
        await db.append(record)
      } else if (action === 2) {
        const seq = next(records.length)
        records[seq] = null
        await db.del(seq)
      } else if (next(3) === 0) await db.rebuild(['v'])
      const want = by(records.filter(Boolean), r => r.k, (acc, r) => ({ count: acc.count + 1, sum: acc.sum + r.n }), { count: 0, sum: 0 })
      for (let again = 0; again < 2; again++) equal(await db.v.get(), want, `round ${round}`)
      if (round % 10 === 0) equal(await db.views.v.at(records.length - 1).get(), want, `as of the newest, round ${round}`)
    }
    const [one, other] = [await db.v.get(), await db.v.get()]
    equal(one === other, true, 'the same object')
    await db.close()
  },

  async 'its state is there when the log is opened again' ({ reopen, Reduce }) {
    const options = { count: true, sum: 'n', groupBy: 'k' }
    let db = reopen().use('v', Reduce(1, options))
    const want = {}
    for (let n = 0; n < 100; n++) {
      const k = 'abc'[n % 3]
      want[k] = { count: (want[k]?.count ?? 0) + 1, sum: (want[k]?.sum ?? 0) + n }
      await db.append({ n, k })
    }
    equal(await db.v.get(), want)
    await db.close()
    db = reopen().use('v', Reduce(1, options))
    const progress = []
    db.progress(p => progress.push(p))
    equal(await db.v.get(), want)
    equal((await db.v.get({ values: false })).size > 20, true, 'the size of what is kept')
    equal(progress.every(p => p.seq === 99), true, 'that nothing was built')
    await db.close()
    db = reopen().use('v', Reduce(2, options))
    equal(await db.v.get(), want, 'another version')
    await db.close()
    db = reopen().use('v', Reduce(2, { count: true }))
    equal(await db.v.get(), 100, 'other options')
    await db.close()
  },

  async 'it can be mounted at any time' ({ open, Reduce }) {
    const db = open()
    await db.append(flights(500))
    db.use('early', Reduce(1, { count: true }))
    equal(await db.early.get(), 500)
    await sleep(20)
    db.use('late', Reduce(1, { count: true, where: { cancelled: { ne: true } } }))
    equal(await db.late.get(), flights(500).filter(r => !r.cancelled).length)
    await db.append({ cancelled: false })
    equal(await db.early.get(), 501)
    equal(await db.late.get(), flights(500).filter(r => !r.cancelled).length + 1)
    await db.close()
  },

  async 'rebuilds' ({ open, Reduce }) {
    const db = open().use('a', Reduce(1, { count: true })).use('b', Reduce(1, acc => (acc ?? 0) + 1))
    await db.append(flights(2000))
    equal(await db.a.get(), 2000)
    await db.rebuild()
    equal([await db.a.get(), await db.b.get()], [2000, 2000])
    equal(db.a.since.value, 1999)
    await db.close()
  },

  async 'its value is observable' ({ open, Reduce }) {
    const db = open().use('sum', Reduce(1, { sum: 'n' }))
    await db.append({ n: 1 })
    await db.sum.get()
    equal(db.sum.value.value, 1)
    const heard = []
    const off = db.sum.value(value => heard.push(value))
    equal(heard, [1])
    await db.append({ n: 2 })
    await until(() => heard.at(-1) === 3, 'the sum of two')
    off()
    await db.append({ n: 4 })
    await db.sum.get()
    equal(heard.at(-1), 3)
    await until(() => db.sum.value.value === 7, 'the sum of three')
    await db.close()
  },

  async 'streams its state' ({ open, Reduce }) {
    const db = open().use('sum', Reduce(1, { sum: 'n' }))
    await db.append({ n: 1 })
    equal(await db.sum.stream().collect(), [1])
    const states = db.sum.stream({ live: true })[Symbol.asyncIterator]()
    equal((await states.next()).value, 1)
    await db.append({ n: 5 })
    equal((await states.next()).value, 6)
    await states.return()
    await db.close()
  },

  async 'wrong options are refused' ({ open, Reduce }) {
    thrown(() => Reduce(1, {}), 'INVALID_OPTION', 'nothing to do')
    thrown(() => Reduce(1, { summ: 'n' }), 'INVALID_OPTION', 'an unknown aggregate')
    thrown(() => Reduce(1, { a: { count: true }, b: { of: 'n' } }), 'INVALID_OPTION', 'an unknown aggregate by name')
    const db = open().use('v', Reduce(1, { histogram: 'n' })).use('w', Reduce(1, { count: true }))
    await refused(db.v.get(), 'INVALID_OPTION', 'a histogram without width')
    await refused(db.v.get({ since: 'x' }), 'INVALID_OPTION', 'a since that is no number')
    await db.append({ n: 1 })
    equal(await db.w.get(), 1)
    await db.close()
  },

  async 'a mapper and a codec come before it' ({ Flume, Log, name, Reduce }) {
    let db = Flume(Log(name()), null, (value, cb) => setTimeout(cb, value.n % 10 ? 0 : 1, null, { n: value.n * 2 })).use('sum', Reduce(1, { sum: 'n' }))
    await db.append(Array.from({ length: 50 }, (_, n) => ({ n })))
    equal(await db.sum.get(), 2450)
    await db.close()
    const shift = by => bytes => Uint8Array.from(bytes, byte => (byte + by) & 255)
    const text = new TextEncoder()
    const codec = { encode: value => shift(1)(text.encode(JSON.stringify(value))), decode: bytes => JSON.parse(new TextDecoder().decode(shift(255)(bytes))) }
    db = Flume(Log(name(), { codec })).use('sum', Reduce(1, { sum: 'n' }))
    await db.append(Array.from({ length: 50 }, (_, n) => ({ n })))
    equal(await db.sum.get(), 1225)
    await db.close()
  },

  async 'a mapper that fails stops it, and nothing else' ({ Flume, Log, name, Reduce }) {
    const db = Flume(Log(name()), null, (value, cb) => (value.n === 7 ? cb(new Error('seven')) : cb(null, value)))
      .use('sum', Reduce(1, { sum: 'n' }))
    await db.append(Array.from({ length: 10 }, (_, n) => ({ n })))
    const err = await db.sum.get().catch(err => err)
    equal([err.code, err.view, err.seq], ['VIEW', 'sum', 7])
    equal(/seven/.test(err.message), true, err.message)
    equal(await db.sum.get({ since: -1, meta: false }), 21)
    equal(await db.append({ n: 10 }), 10)
    await db.close()
  },

  async 'needs a log of this package' ({ Flume, Reduce }) {
    const since = Object.assign(() => {}, { once() {} })
    const db = Flume({ since, append() {}, get() {}, stream() {} })
    thrown(() => db.use('v', Reduce(1, { count: true })), 'VIEW', 'another log')
  }
}
