// Views as of past seqs, on every host, as cases that run in Node and in a page alike; see ../log/cases.mjs.

import { equal, random, refused, thrown } from './checks.mjs'

const words = ['fox', 'dog', 'crow', 'newt', 'bee']
const records = (n, next) =>
  Array.from({ length: n }, (_, i) => ({ id: `id${i % 40}`, author: 'abcd'[next(4)], time: next(1000), text: `${words[next(5)]} ${words[next(5)]}`, to: [next(9), next(9)], i }))

/** Every kind of view, with questions that tell states apart. */
const kinds = lib => ({
  count: [lib.Reduce(1, { count: true, sum: 'time', groupBy: 'author' }), view => view.get()],
  level: [lib.Level(1, ['author', 'time', 'i']), view => view.read({ gte: ['b'], lt: ['c', undefined], keys: false, values: false }).collect()],
  made: [lib.Level(1, ({ author, i }) => [[author, i % 50]]), view => view.read({ reverse: true, limit: 50, keys: false }).collect()],
  links: [lib.Links(1, { indexes: [{ key: 'TA', value: ['to', 'author'] }], links: { author: 'author', to: { each: 'to' } } }), view => view.read({ query: [{ $filter: { to: 3 } }, { $reduce: { author: 'author', n: { $count: true } } }] }).collect()],
  byId: [lib.Hashtable(1, 'id'), async view => [await view.get('id7').then(({ i }) => i, err => err.code), await view.read({ key: 'id3', values: false }).collect()]],
  seen: [lib.Bloom(1, 'i', { items: 5000 }), async view => Promise.all([0, 99, 700, 1500, 2300].map(i => view.has(i)))],
  search: [lib.Search(1, { fields: 'text' }), view => view.query({ query: 'newt fox', values: false }).collect()],
  query: [lib.Query(1, { indexes: [{ key: 'A', value: ['author'] }] }), view => view.read([{ $filter: { author: 'c', time: { $gt: 500 } } }, { $reduce: { $count: true } }]).collect()]
})

export const cases = {
  async 'every view answers as of any past seq' (lib) {
    const { reopen, seed } = lib
    const next = random(seed)
    const all = records(2400, next)
    const mount = () => {
      const db = reopen()
      for (const [name, [view]] of Object.entries(kinds(lib))) db.use(name, view, next(2) ? { history: 1 + next(4) } : undefined)
      return db
    }
    let db = mount()
    const ask = async at => {
      const answers = {}
      for (const [name, [, question]] of Object.entries(kinds(lib))) answers[name] = await question(at === undefined ? db[name] : db.views[name].at(at))
      return answers
    }
    const was = new Map([[-1, await ask()]])
    for (let n = 0; n < all.length; ) {
      const some = all.slice(n, n + 1 + next(500))
      await db.append(some)
      n += some.length
      was.set(n - 1, await ask())
    }
    const check = async when => {
      for (const [seq, want] of [...was].sort(() => next(3) - 1)) equal(await ask(seq), want, `the answers at ${seq}, ${when}, seed ${seed}`)
    }
    await check('while it is open')
    await db.close()
    db = mount()
    await check('opened again')
    equal(await ask(), was.get(all.length - 1), 'the newest answers')
    await db.close()
  },

  async 'past states that are kept bound the work' ({ reopen, Reduce, Level }) {
    const views = { sum: () => Reduce(1, { sum: 'n' }), level: () => Level(1, 'n') }
    const all = Array.from({ length: 20_000 }, (_, n) => ({ n }))
    let db = reopen()
    for (const [name, create] of Object.entries(views)) db.use(name, create(), { history: 4 }).use(`${name}Alone`, create())
    for (let n = 0; n < all.length; n += 1000) {
      await db.append(all.slice(n, n + 1000))
      await db.sum.get()
    }
    const sum = seq => (seq * (seq + 1)) / 2
    const check = async () => {
      for (const seq of [3000, 9999, 15_500, 19_999]) {
        equal(await db.sum.at(seq, { maxReplay: 8000 }).get(), sum(seq), `the sum at ${seq}`)
        equal(await db.level.at(seq, { maxReplay: 8000 }).read({ reverse: true, limit: 1, values: false, seqs: false }).collect(), [seq])
      }
    }
    await check()
    await db.close()
    db = reopen()
    for (const [name, create] of Object.entries(views)) db.use(name, create(), { history: 4 }).use(`${name}Alone`, create())
    await check()
    const err = await db.sumAlone.at(9999, { maxReplay: 8000 }).get().catch(err => err)
    equal([err.code, err.view, err.seq, err.last], ['REPLAY', 'sumAlone', 0, 9999])
    equal(/10000 records/.test(err.message), true, err.message)
    equal(await db.sumAlone.at(9999).get(), sum(9999))
    await refused(db.sumAlone.at(9999, { maxReplay: 8000 }).get(), 'REPLAY', 'what another has replayed')
    equal(await db.sumAlone.at(19_999, { maxReplay: 0 }).get(), sum(19_999), 'the newest')
    equal(db.views.sum.status.bytes > db.views.sumAlone.status.bytes, true, 'that past states take room')
    await db.close()
  },

  async 'deleted records are as if they had never been seen' ({ open, Reduce, Level }) {
    const db = open().use('count', Reduce(1, { count: true }), { history: 3 }).use('v', Level(1, 'n'))
    await db.append(Array.from({ length: 100 }, (_, n) => ({ n })))
    equal(await db.count.at(49).get(), 50)
    await db.del([10, 60])
    equal([await db.count.at(9).get(), await db.count.at(49).get(), await db.count.at(60).get(), await db.count.at(99).get()], [10, 49, 59, 98])
    equal(await db.v.at(11).read({ gte: 9, values: false, seqs: false }).collect(), [9, 11])
    await db.close()
  },

  async 'it stays what it was while records are appended' ({ open, Reduce, Query }) {
    const db = open().use('sum', Reduce(1, { sum: 'n' })).use('query', Query(1))
    await db.append([{ n: 1 }, { n: 2 }])
    const past = db.views.sum.at(1)
    equal([past.name, past.seq], ['sum', 1])
    equal(await past.get(), 3)
    await db.append([{ n: 3 }, { n: 4 }])
    equal([await past.get(), await db.sum.get(), await db.sum.at(2).get()], [3, 10, 6])
    equal(await past.get({ meta: true }), { seq: 1, version: 1, value: 3 })
    equal(await new Promise((resolve, reject) => past.get((err, value) => (err ? reject(err) : resolve(value)))), 3)
    equal(await past.stream().collect(), [3])
    equal(await db.query.at(1).read([{ $filter: { n: { $gt: 1 } } }]).collect(), [{ n: 2 }])
    equal(await db.query.read({ query: [{ $filter: { n: { $gt: 1 } } }], lte: 1 }).collect(), [{ n: 2 }])
    await db.close()
    await refused(past.get(), 'CLOSED', 'a read of a closed database')
  },

  async 'a view that has stopped answers of what was before' ({ open, Level }) {
    const db = open().use('v', Level(1, r => r.keys.map(k => k)))
    await db.append([{ keys: [1] }, { keys: [2] }, {}, { keys: [3] }])
    await refused(db.v.get(1), 'VIEW', 'a view that has failed')
    equal(await db.v.at(1).read({ values: false, seqs: false }).collect(), [1, 2])
    const err = await db.v.at(3).get(1).catch(err => err)
    equal([err.code, err.view, err.seq], ['VIEW', 'v', 2])
    await db.close()
  },

  async 'what is wrong is refused' ({ open, Level, Reduce }) {
    const db = open().use('v', Level(1, 'n')).use('js', Reduce(1, (sum, { n }) => sum + n, undefined, undefined, 0))
    await db.append([{ n: 1 }, { n: 2 }])
    equal(db.js.at, undefined, 'at of a view in JavaScript')
    thrown(() => db.use('more', Reduce(1, (sum, { n }) => sum + n, undefined, undefined, 0), { history: 2 }), 'INVALID_OPTION', 'a history of a view in JavaScript')
    thrown(() => db.use('more', Level(1, 'n'), { history: -1 }), 'INVALID_OPTION', 'a negative history')
    thrown(() => db.use('more', Level(1, 'n'), { histories: 1 }), 'INVALID_OPTION', 'an unknown option of use')
    for (const seq of ['1', 1.5, -2, NaN, undefined]) thrown(() => db.v.at(seq), 'INVALID_OPTION', `at ${seq}`)
    thrown(() => db.v.at(1, { replay: 1 }), 'INVALID_OPTION', 'an unknown option')
    thrown(() => db.v.at(1, { maxReplay: '1' }), 'INVALID_OPTION', 'a bound that is no number')
    thrown(() => db.v.at(1).read({ live: true }), 'INVALID_OPTION', 'a live read')
    await refused(db.v.at(2).get(1), 'NOT_FOUND', 'a seq that the log has not')
    await refused(db.v.at(0).get(2), 'NOT_FOUND', 'a key that was not there yet')
    await refused(db.v.at(1).read({ above: 1 }).collect(), 'INVALID_OPTION', 'an unknown option of a read')
    equal(await db.v.at(-1).read().collect(), [])
    await db.close()
  }
}
