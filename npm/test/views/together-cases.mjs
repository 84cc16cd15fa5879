// Reads of several views at one seq, as cases that run in Node and in a page; see ../log/cases.mjs.

import { equal, random, refused, sleep, thrown, until } from './checks.mjs'

const record = n => ({ n, type: 'abc'[n % 3], id: `id${n}`, text: `${n % 2 ? 'odd' : 'even'} ${'lorem ipsum '.repeat(20)}` })
const sumOf = groups => Object.values(groups).reduce((sum, group) => sum + (group.count ?? group), 0)

/**
 * Appends until it is told to stop; answers how many there are then. Slower after some thousand, so that a busy machine, on which
 * the rest takes its time, does not have ever more to read.
 */
const appending = (db, seed) => {
  const next = random(seed)
  let going = true
  const done = (async () => {
    let n = 0
    while (going) {
      const batch = Array.from({ length: 1 + next(20) }, () => record(n++))
      const appended = db.append(batch)
      if (next(3)) await appended
      if (n > 4000) await sleep(20)
      else if (!next(4)) await sleep(next(3))
    }
    await db.append(record(n++))
    return n
  })()
  return { stop: () => ((going = false), done) }
}

export const cases = {
  async 'views of all kinds agree while records are appended' ({ open, seed, Reduce, Level, Hashtable, Search, Query }) {
    const db = open()
      .use('byType', Reduce(1, { count: true, groupBy: 'type' }))
      .use('total', Reduce(1, { count: true }))
      .use('mine', Reduce(1, (acc, { type }) => {
        acc[type].count++ // in place, so that a state that is no copy would go on counting
        return acc
      }, null, null, { a: { count: 0 }, b: { count: 0 }, c: { count: 0 } }))
      .use('table', Hashtable(1, { key: ({ n }) => n }))
      .use('level', Level(1, 'n'))
      .use('words', Search(1, { fields: 'text' }))
      .use('query', Query(1))
    const { stop } = appending(db, seed)
    let before = -1
    for (let round = 0; round < 40; round++) {
      const newest = db.since.value ?? -1
      const [seq, state] = await db.read(['total', 'byType', 'mine'], async (total, byType, mine) => {
        const count = await total.get()
        equal([total.seq, byType.seq, mine.seq, total.name], [count - 1, count - 1, count - 1, 'total'])
        const groups = await byType.get()
        equal(sumOf(groups), count, 'the groups of the module')
        const state = await mine.get()
        equal(sumOf(state), count, 'the groups of JavaScript')
        return [total.seq, state]
      })
      equal(seq >= newest && seq >= before, true, `that ${seq} is not before ${newest} and ${before}`)
      before = seq
      await sleep(1)
      equal(sumOf(state), seq + 1, 'the state a while later')

      await db.read(['level', 'table', 'words', 'query', 'total'], async (level, table, words, query, total) => {
        const count = await total.get()
        if (!count) return
        // Records and parts that have to be read, answers of several pages, a field that is looked at for the first time.
        const [newest] = await level.read({ reverse: true, limit: 1, seqs: false, keys: false }).collect()
        equal(newest.n, count - 1, 'the newest of the level')
        equal((await table.get(count - 1)).n, count - 1, 'the newest of the table')
        await refused(table.get(count), 'NOT_FOUND', 'a record to come')
        if (round % 13 === 0) {
          let seen = 0
          for await (const { seq, value } of level.read({ keys: false })) if (value.n === seq) seen++
          equal(seen, count, 'all of the level')
          equal((await words.query({ query: 'even', values: false }).collect()).length, Math.ceil(count / 2), 'the even ones')
          equal((await query.read({ query: [{ $filter: { type: 'a' } }] }).collect()).length, Math.ceil(count / 3), 'those of type a')
        }
      })
    }
    const n = await stop()
    equal(await db.read(['total', 'mine'], (total, mine) => Promise.all([total.get(), mine.get().then(sumOf)])), [n, n])
    equal([await db.total.get(), sumOf(await db.mine.get()), (await db.table.get(n - 1)).n], [n, n, n - 1])
  },

  async 'many reads at once, of one kind and of both, while views are rebuilt' ({ open, seed, Reduce }) {
    const db = open()
      .use('a', Reduce(1, { count: true }))
      .use('b', Reduce(1, { count: true, groupBy: 'type' }))
      .use('c', Reduce(1, acc => (acc ?? 0) + 1))
      .use('d', Reduce(1, acc => (acc ?? 0) + 1))
    const { stop } = appending(db, seed)
    const count = { a: view => view.get(), b: async view => sumOf(await view.get()), c: async view => (await view.get()) ?? 0, d: async view => (await view.get()) ?? 0 }
    const next = random(seed)
    let built = 0
    const reader = async () => {
      for (let i = 0; i < 25; i++) {
        const names = ['a', 'b', 'c', 'd'].filter(() => next(2))
        if (!names.length) continue
        try {
          const counts = await db.read(names, async (...views) => {
            const all = await Promise.all(views.map((view, i) => count[names[i]](view)))
            return [...all, ...views.map(view => view.seq + 1)]
          })
          equal(new Set(counts).size, 1, `that ${names} of ${counts} agree`)
        } catch (err) {
          if (err.code !== 'VIEW' || !/built anew/.test(err.message)) throw err
          built++
        }
      }
    }
    const rebuilding = (async () => {
      for (let i = 0; i < 5; i++) {
        await sleep(5)
        await db.rebuild([['a', 'c'][i % 2], 'd'])
      }
    })()
    await Promise.all([rebuilding, ...Array.from({ length: 8 }, reader)])
    equal(built < 100, true, `that ${built} of 200 reads were cut off by rebuilds`)
    const n = await stop()
    equal([await db.a.get(), sumOf(await db.b.get()), await db.c.get(), await db.d.get()], [n, n, n, n])
  },

  async 'answers what its function answers, or fails as that does' ({ open, Reduce, atOnce = true }) {
    const db = open().use('sum', Reduce(1, { sum: 'n' })).use('mine', Reduce(1, acc => (acc ?? 0) + 1))
    equal(await db.read(['sum'], sum => [sum.name, sum.seq]), ['sum', -1])
    await db.append([{ n: 1 }, { n: 2 }])
    equal(await db.read([], () => 7), 7)
    let calls = 0
    equal(await db.read(['mine', 'sum'], (mine, sum) => (calls++, Promise.all([mine.get(), sum.get({ since: -1, meta: false }), sum.get({ meta: true })]))), [2, 3, { seq: 1, version: 1, value: 3 }])
    equal(calls, 1)
    equal(await new Promise((resolve, reject) => db.read(['sum'], sum => sum.get(), (err, value) => (err ? reject(err) : resolve(value)))), 3)
    equal(await new Promise((resolve, reject) => db.read(['sum'], sum => sum.get(), {}, (err, value) => (err ? reject(err) : resolve(value)))), 3)
    equal(await db.read(['sum', 'mine'], (sum, mine) => new Promise((resolve, reject) =>
      sum.get((err, a) => (err ? reject(err) : mine.get({ meta: false }, (err, b) => (err ? reject(err) : resolve([a, b]))))))), [3, 2])
    if (atOnce) equal(await db.read(['sum', 'mine'], (sum, mine) => [sum.value.value, mine.value.value]), [3, 2])
    equal(await db.read(['sum', 'mine'], async (sum, mine) => [await sum.stream().collect(), await mine.stream().collect()]), [[3], [2]])
    const own = new Error('of the function')
    for (const fn of [() => { throw own }, async () => { throw own }]) equal(await db.read(['sum'], fn).catch(err => err === own), true)
    for (const name of ['sum', 'mine']) await refused(db.read([name], view => view.stream({ live: true }).collect()), 'INVALID_OPTION', 'what never ends')
    await refused(db.read(['sum', 'nothing'], () => {}), 'INVALID_OPTION', 'a name that no view has')
    await refused(db.read(['sum', 'sum'], () => {}), 'INVALID_OPTION', 'a name twice')
    await refused(db.read('sum', () => {}), 'INVALID_OPTION', 'a name for names')
    await refused(db.read(['sum']), 'INVALID_OPTION', 'no function')
    await refused(db.read(['sum'], () => {}, { since: 1 }), 'INVALID_OPTION', 'an unknown option')
    thrown(() => db.read(['nothing'], () => {}, () => {}), 'INVALID_OPTION', 'a name that no view has, with a callback')
    await db.append({ n: 3 })
    equal([await db.sum.get(), await db.mine.get()], [6, 3])
  },

  async 'who waits for something else holds nobody up for long' ({ open, Reduce, Level }) {
    const db = open().use('sum', Reduce(1, { sum: 'n' })).use('mine', Reduce(1, acc => (acc ?? 0) + 1)).use('level', Level(1, 'n'))
    await db.append([{ n: 1 }, { n: 2 }])
    let kept
    for (const names of [['sum', 'mine', 'level'], ['sum'], ['mine']]) {
      // What it waits for cannot come before the views go on.
      const message = await db.read(names, async view => {
        kept = view
        equal(await view.get(), names[0] === 'sum' ? 3 + 4 * (db.since.value - 1) : db.since.value + 1)
        await db.append({ n: 4 })
        await db[names[0]].get()
        return view.get()
      }).catch(err => `${err.code} ${err.message}`)
      equal(/^CLOSED the read of several views is over/.test(message), true, message)
      await refused(kept.get(), 'CLOSED', 'a view that is kept')
    }
    const seen = await db.read(['level'], level => {
      kept = level.read()
      return kept[Symbol.asyncIterator]().next()
    })
    equal(seen.value.value.n, 1)
    await refused(kept.collect(), 'CLOSED', 'a source that is kept')
    // Slow, but asking.
    equal(await db.read(['mine'], async mine => {
      for (let i = 0; i < 15; i++) {
        await sleep(100)
        await mine.get()
      }
      return mine.get()
    }), 5)
  },

  async 'is given up by its signal, and by close' ({ Flume, Log, name, Reduce }) {
    let release
    const gate = new Promise(resolve => { release = resolve })
    const db = Flume(Log(name()), true, (value, cb) => (value.wait ? gate.then(() => cb(null, value)) : cb(null, value)))
      .use('sum', Reduce(1, { sum: 'n' })).use('mine', Reduce(1, acc => (acc ?? 0) + 1))
    await db.append({ n: 1 })
    for (const names of [['sum'], ['mine'], ['sum', 'mine']]) {
      await refused(db.read(names, () => 1, { signal: AbortSignal.abort() }), 'ABORTED', 'one that is given up before')
      const stop = new AbortController()
      const read = db.read(names, () => new Promise(() => {}), { signal: stop.signal })
      await sleep(5)
      stop.abort()
      await refused(read, 'ABORTED', 'one that is given up on the way')
    }
    await db.append({ n: 2, wait: true })
    for (const names of [['sum'], ['mine'], ['mine', 'sum']]) {
      const stop = new AbortController()
      const read = db.read(names, () => 'had', { signal: stop.signal })
      await sleep(5)
      stop.abort()
      await refused(read, 'ABORTED', 'one that waits for the views')
    }
    release()
    equal(await db.read(['sum', 'mine'], (sum, mine) => Promise.all([sum.get(), mine.get()])), [3, 2])
    const reads = [['sum'], ['mine'], ['sum', 'mine']].map(names => db.read(names, () => new Promise(() => {})).catch(err => err.code))
    await sleep(20)
    await db.close()
    equal(await Promise.all(reads), ['CLOSED', 'CLOSED', 'CLOSED'])
    await refused(db.read(['sum'], () => 1), 'CLOSED', 'a read after close')
  },

  async 'of views that have stopped, are built, or have nothing to come to' ({ open, Reduce }) {
    const db = open()
      .use('bad', Reduce(1, (acc, { n }) => {
        if (n === 3) throw new Error('three')
        return (acc ?? 0) + n
      }))
      .use('sum', Reduce(1, { sum: 'n' }))
    await db.append([{ n: 1 }, { n: 2 }])
    const both = () => db.read(['bad', 'sum'], (bad, sum) => Promise.all([bad.get(), sum.get()]))
    equal(await both(), [3, 3])
    await db.append({ n: 3 })
    const err = await both().catch(err => err)
    equal([err.code, err.view, err.seq], ['VIEW', 'bad', 2])
    equal(await db.read(['sum'], sum => sum.get()), 6)

    await db.append([{ n: 4 }, { n: 5 }])
    await db.del([2, 4])
    db.use('late', Reduce(1, (acc, { n }) => (acc ?? 0) + n))
    equal(await db.read(['late', 'sum'], async (late, sum) => [late.seq, await late.get(), await sum.get()]), [4, 7, 7])
    const began = db.rebuild()
    equal(await db.read(['late', 'sum'], (late, sum) => Promise.all([late.get(), sum.get()])), [7, 7])
    await began.catch(() => {})
  },

  async 'views that are mounted late' ({ open, Reduce }) {
    const db = open().use('mine', Reduce(1, acc => (acc ?? 0) + 1))
    await db.append([{ n: 1 }, { n: 2 }])
    equal(await db.mine.get(), 2)
    db.use('sum', Reduce(1, { sum: 'n' })).use('count', Reduce(1, { count: true }))
    for (let n = 3; n < 20; n++) {
      const appended = db.append({ n })
      const [count, mine] = await db.read(['sum', 'count', 'mine'], async (sum, count, mine) => {
        const n = await count.get()
        equal(await sum.get(), n * (n + 1) / 2)
        return [n, await mine.get()]
      })
      equal(count, mine)
      await appended
    }
    await until(() => db.sum.since.value === 18, 'the newest')
  }
}
