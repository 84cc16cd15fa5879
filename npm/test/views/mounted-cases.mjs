// What a database does with all its views, those in the module and those in JavaScript alike, as cases that run in Node
// and in a page; see ../log/cases.mjs.

import { equal, refused, thrown, until } from './checks.mjs'

const status = (db, name) => [...db.views].find(({ view }) => view === name)

/** A mapper that can be made to wait. */
const gate = () => {
  let open = true
  const waiting = []
  return Object.assign((value, cb) => (open ? cb(null, value) : waiting.push(() => cb(null, value))), {
    close: () => (open = false),
    open () {
      open = true
      for (const go of waiting.splice(0)) go()
    }
  })
}

export const cases = {
  async 'lists its views' ({ reopen, Reduce, Search }) {
    const mount = () => reopen()
      .use('sum', Reduce(3, { sum: 'n' }))
      .use('words', Search('first', { fields: 'text' }))
      .use('mine', Reduce(7, (acc, { n }) => (acc ?? 0) + n))
    let db = mount()
    equal(Object.keys(db.views), ['sum', 'words', 'mine'])
    equal([...db.views].map(({ view, version }) => [view, version]), [['sum', 3], ['words', 'first'], ['mine', 7]])
    equal(db.views.sum === db.sum && db.views.mine === db.mine, true, 'that they are those of the database')
    for (let i = 0; i < 2000; i += 100) await db.append(Array.from({ length: 100 }, (_, k) => ({ n: i + k, text: `word${k}` })))
    await Promise.all([db.sum.get(), db.words.query('word7').collect(), db.mine.get()])
    for (const { view, seq, total, eta, stale, error, rate } of db.views) {
      equal([view, seq, total, eta, stale, error], [view, 1999, 1999, 0, false, undefined])
      equal(rate > 0 && rate < 1e9, true, `that ${rate} is the rate of ${view}`)
    }
    await until(() => [...db.views].every(({ bytes }) => bytes > 0), 'that all is kept')
    equal(db.views.words.status.bytes > db.views.sum.status.bytes, true, 'that words take more')
    await db.close()

    db = mount()
    await Promise.all([db.sum.get(), db.words.query('word7').collect(), db.mine.get()])
    equal([...db.views].map(({ seq, bytes, error }) => [seq, bytes > 0, error]), Array(3).fill([1999, true, undefined]))
    await db.close()
    equal([...db.views].map(({ view, seq, error }) => [view, seq, error]), [['sum', 1999, undefined], ['words', 1999, undefined], ['mine', 1999, undefined]])
  },

  async 'progress tells of all' ({ open, Reduce, Hashtable }) {
    const db = open()
    const last = {}
    const off = db.progress(p => { last[p.view] = p })
    await db.append(Array.from({ length: 500 }, (_, n) => ({ n })))
    db.use('sum', Reduce(1, { sum: 'n' })).use('mine', Reduce(1, acc => (acc ?? 0) + 1)).use('byN', Hashtable(1, 'n'))
    await Promise.all([db.sum.get(), db.mine.get(), db.byN.get(3)])
    await until(() => ['sum', 'mine', 'byN'].every(view => last[view]?.seq === 499 && last[view].total === 499), 'the progress of all')
    off()
  },

  async 'views are added at any time' ({ open, Reduce, Level }) {
    const db = open().use('mine', Reduce(1, (acc, { n }) => (acc ?? 0) + n))
    await db.append([{ n: 1 }, { n: 2 }])
    equal(await db.mine.get(), 3)
    // In a page the module with views is fetched only now.
    db.use('sum', Reduce(1, { sum: 'n' }))
    equal(await db.sum.get(), 3)
    const appended = db.append({ n: 4 })
    db.use('level', Level(1, 'n')).use('later', Reduce(1, (acc, { n }) => Math.max(acc ?? 0, n)))
    await appended
    equal([await db.sum.get(), await db.mine.get(), await db.later.get()], [7, 7, 4])
    equal(await db.level.read({ reverse: true, limit: 1, seqs: false, values: false }).collect(), [4])
    equal([...db.views].map(({ view, seq }) => [view, seq]), ['mine', 'sum', 'level', 'later'].map(view => [view, 2]))
    await db.rebuild(['sum', 'later'])
    equal([await db.sum.get(), await db.later.get()], [7, 4])
  },

  async 'rebuilds those that are named' ({ open, Reduce }) {
    let seen = 0
    let others = 0
    const db = open()
      .use('sum', Reduce(1, { sum: 'n' }))
      .use('mine', Reduce(1, acc => (seen++, (acc ?? 0) + 1)))
      .use('other', Reduce(1, acc => (others++, (acc ?? 0) + 1)))
    await db.append(Array.from({ length: 300 }, (_, n) => ({ n })))
    await Promise.all([db.sum.get(), db.mine.get(), db.other.get()])
    const built = []
    const off = db.progress(({ view, seq }) => seq < 299 && built.push(view), false)
    await db.rebuild(['mine'])
    equal([seen, others, [...new Set(built)]], [600, 300, ['mine']])
    await db.rebuild(['sum', 'mine', 'sum'])
    equal([seen, others, [...new Set(built)].sort()], [900, 300, ['mine', 'sum']])
    await new Promise((resolve, reject) => db.rebuild(['mine'], err => (err ? reject(err) : resolve())))
    equal([seen, others], [1200, 300])
    await db.rebuild([])
    equal([seen, others], [1200, 300])
    await new Promise((resolve, reject) => db.rebuild(err => (err ? reject(err) : resolve())))
    equal([seen, others], [1500, 600])
    off()
    equal([await db.sum.get(), await db.mine.get(), await db.other.get()], [300 * 299 / 2, 300, 300])

    await refused(db.rebuild(['mine', 'nothing']), 'INVALID_OPTION', 'a name that no view has')
    await refused(db.rebuild('mine'), 'INVALID_OPTION', 'a name for names')
    await refused(db.rebuild(['toString']), 'INVALID_OPTION', 'a name that objects have')
    const message = await db.rebuild(['nothing']).catch(err => err.message)
    equal(/"nothing".*sum, mine, other/.test(message), true, message)
    thrown(() => db.rebuild(['nothing'], () => {}), 'INVALID_OPTION', 'the same by callback')
    equal([seen, others], [1500, 600], 'what was rebuilt of wrong calls')
  },

  async 'after a change of version the old state answers until the new one is ready' ({ Flume, Log, name, Reduce }) {
    const at = name()
    const mapper = gate()
    const mount = version => Flume(Log(at), true, mapper)
      .use('sum', Reduce(version, { sum: version === 1 ? 'n' : 'm' }))
      .use('mine', Reduce(version, (acc, r) => (acc ?? 0) + (version === 1 ? r.n : r.m)))
    let db = mount(1)
    await db.append(Array.from({ length: 100 }, () => ({ n: 1, m: 2 })))
    equal([await db.sum.get(), await db.mine.get()], [100, 100])
    await db.close()

    for (const [version, value] of [[2, 200], [1, 100]]) {
      const before = { seq: 99, version, value: 300 - value }
      mapper.close()
      db = mount(version)
      for (const view of [db.sum, db.mine]) {
        const { stale, ...state } = await view.get({ since: -1 })
        equal([stale, state], [true, before], `${view.name} of version ${version} on the way`)
        equal(await view.get({ since: -1, meta: false }), before.value)
        equal((await view.get({ since: -1, values: false })).stale, true)
        equal(await view.stream({ since: -1 }).collect(), [before.value])
        equal(view.value.value, before.value)
        equal([view.status.stale, view.status.seq < 99, view.status.version], [true, true, version])
      }
      const [sum, mine] = [db.sum.get(), db.mine.get()]
      mapper.open()
      equal([await sum, await mine], [value, value], `version ${version}`)
      for (const view of [db.sum, db.mine]) {
        equal(await view.get({ since: -1 }), { seq: 99, version, value })
        await until(() => view.value.value === value, 'the new value')
        equal([view.status.stale, view.status.seq], [false, 99])
      }
      await db.close()
    }
  },

  async 'while it is rebuilt the state before answers' ({ Flume, Log, name, Reduce }) {
    const mapper = gate()
    const db = Flume(Log(name()), true, mapper)
      .use('count', Reduce(1, { count: true }))
      .use('mine', Reduce(1, acc => (acc ?? 0) + 1))
    await db.append(Array.from({ length: 100 }, (_, n) => ({ n })))
    equal([await db.count.get(), await db.mine.get()], [100, 100])
    mapper.close()
    const rebuilt = db.rebuild()
    for (const view of [db.count, db.mine]) {
      await until(() => view.status.stale, 'that the state is an old one')
      equal(await view.get({ since: -1, meta: false }), 100, view.name)
    }
    mapper.open()
    await rebuilt
    equal([...db.views].map(({ stale, seq }) => [stale, seq]), [[false, 99], [false, 99]])
    equal([await db.count.get(), await db.mine.get()], [100, 100])
    await db.close()
  },

  async 'the newest records may be deleted' ({ Flume, Log, name, Reduce }) {
    for (const mapper of [null, (value, cb) => setTimeout(cb, 1, null, value)]) {
      const at = name()
      const mount = version => Flume(Log(at), true, mapper)
        .use('sum', Reduce(version, { sum: 'n' }))
        .use('mine', Reduce(version, (acc, { n }) => (acc ?? 0) + n))
      const both = db => Promise.all([db.sum.get(), db.mine.get()])
      let db = mount(1)
      await db.append([1, 2, 4, 8, 16].map(n => ({ n })))
      equal(await both(db), [31, 31])
      await db.close()
      db = Flume(Log(at))
      await db.del([1, 3, 4])
      await db.close()
      for (const version of [2, 2, 3]) {
        db = mount(version)
        equal((await both(db))[0], 5)
        equal(await db.mine.get(), 5, `version ${version}`)
        equal([...db.views].map(({ seq, stale }) => [seq, stale]), [[4, false], [4, false]])
        equal(await db.mine.get({ since: 4, meta: false }), 5)
        await db.rebuild()
        equal(await both(db), [5, 5])
        await db.close()
      }
      db = mount(3)
      await db.append([{ n: 32 }, { n: 64 }])
      equal(await both(db), [101, 101])
      await db.append([{ n: 128 }])
      await db.del(7)
      equal(await db.sum.get(), 101)
      await db.close()
    }
  },

  async 'a native view by the name of its kind' ({ reopen, Hashtable, nativeView }) {
    const spec = { kind: 'hashtable', version: 1, options: { key: 'type' }, methods: { get: 'async', read: 'source' } }
    const db = reopen().use('own', nativeView(spec)).use('mapped', nativeView({ ...spec, options: { key: true }, map: ({ type }) => (type === 'a' ? null : `${type}!`) }))
    await db.append(Array.from({ length: 3000 }, (_, n) => ({ n, type: 'abc'[n % 3] })))
    equal(await db.own.get('b'), { seq: 2998, value: { n: 2998, type: 'b' } })
    equal(await new Promise((resolve, reject) => db.own.get('none', (err, value) => (err ? reject(err) : resolve(value)))), null)
    equal(await db.own.get('b', { values: false }), { seq: 2998 })
    equal((await db.mapped.get('c!', { values: false })).seq, 2999)
    equal(await db.mapped.get('a!'), null)
    const all = await db.own.read({ key: 'a' }).collect()
    equal([all.length, all[999]], [1000, { seq: 2997, value: { n: 2997, type: 'a' } }])
    equal(await db.own.read({ key: 'a', reverse: true, limit: 2, values: false }).collect(), [{ seq: 2997 }, { seq: 2994 }])
    const live = db.own.read({ key: 'a', old: false, live: true })[Symbol.asyncIterator]()
    const next = live.next()
    await db.own.get('a')
    await db.append({ n: 3000, type: 'a' })
    equal((await next).value.seq, 3000)
    await live.return()
    await refused(db.own.wrong?.() ?? db.own.read({ key: 'a', wrong: 1 }).collect(), 'INVALID_OPTION', 'an unknown option')
    equal([db.own.status.version, Object.keys(db.own.methods)], [1, ['get', 'read']])
    equal(await db.read(['own', 'mapped'], async (own, mapped) => [(await own.get('b')).seq, (await mapped.read({ key: 'b!', limit: 1 }).collect()).length]), [2998, 1])
    const none = db.use('none', nativeView({ ...spec, kind: 'none' }))
    await refused(none.none.get('a'), 'INVALID_OPTION', 'a kind that the module does not have')
    for (const wrong of [{ ...spec, kind: '' }, { ...spec, version: undefined }, { ...spec, methods: { get: 'sync' } }]) thrown(() => nativeView(wrong), 'INVALID_OPTION', JSON.stringify(wrong))
    // It is the same as the view of the package.
    await db.close()
    const again = reopen().use('own', Hashtable(1, 'type'))
    const built = new Set()
    again.progress(({ view, seq, total }) => seq < total && built.add(view))
    equal((await again.own.get('a')).n, 3000)
    equal([...built], [])
  },

  async 'a view that throws stops, and nothing else does' ({ open, Hashtable, Reduce }) {
    let bad = 2
    const key = ({ n }) => {
      if (n === bad) throw new TypeError(`${n} has no key`)
      return n
    }
    const db = open()
      .use('table', Hashtable(1, { key }))
      .use('mine', Reduce(1, (acc, record) => (key(record), (acc ?? 0) + 1)))
      .use('sum', Reduce(1, { sum: 'n' }))
      .use('count', Reduce(1, acc => (acc ?? 0) + 1))
    await db.append([{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }])
    for (const read of [() => db.table.get(3), () => db.mine.get()]) {
      const err = await Promise.resolve(read()).then(() => 'no error', err => err)
      equal([err.code, err.seq, ['table', 'mine'].includes(err.view)], ['VIEW', 2, true], String(err))
      equal(/2 has no key/.test(`${err.message} ${err.cause?.message}`), true, err.message)
    }
    equal([db.table.status.error?.seq, db.mine.status.error?.view, db.sum.status.error], [2, 'mine', undefined])
    equal([...db.views].map(({ view, seq }) => [view, seq]).slice(0, 2), [['table', 1], ['mine', 1]])
    equal((await db.table.get(1, { since: -1 })).n, 1)
    await refused(db.table.get(3, { since: -1 }), 'NOT_FOUND', 'what it has not come to')
    equal(await db.mine.get({ since: -1, meta: false }), 2)
    for (let n = 4; n < 20; n++) await db.append({ n })
    equal([await db.sum.get(), await db.count.get()], [190, 20])
    await refused(db.table.get(19), 'VIEW', 'a read that would have to wait')
    await refused(db.rebuild(['table']), 'VIEW', 'a rebuild that fails again')

    bad = -1
    await db.rebuild(['table', 'mine'])
    equal([(await db.table.get(19)).n, await db.mine.get()], [19, 20])
    equal([...db.views].every(({ error }) => error === undefined), true, 'that none is stopped')
  }
}
