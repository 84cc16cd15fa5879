// What Query does on every host, as cases that run in Node and in a page alike; query-mfr.test.mjs has it beside npm's.

import { equal, random, refused, sleep, thrown, until } from './checks.mjs'

const posts = (n, seed = 1) => {
  const next = random(seed)
  return Array.from({ length: n }, (_, i) => ({
    key: `%${i}`,
    value: { author: '@' + next(20), sequence: i, content: { type: ['post', 'vote', 'about'][next(3)], text: 'é"\\'.repeat(next(5)) } },
    timestamp: 1500000000000 + next(1000)
  }))
}
const type = name => ({ value: { content: { type: name } } })
const countByType = [{ $reduce: { type: ['value', 'content', 'type'], count: { $count: true } } }]
const ready = view => new Promise((resolve, reject) => view.ready(err => (err ? reject(err) : resolve())))

export const cases = {
  async 'answers from what it has built, after reading the log once' ({ reopen, Query }) {
    const records = posts(3000)
    let db = reopen().use('q', Query(1))
    await db.append(records)
    await ready(db.q)
    const query = [{ $filter: { ...type('post'), timestamp: { $gt: 1500000000500 } } }]
    const want = records.filter(r => r.value.content.type === 'post' && r.timestamp > 1500000000500)
    equal(db.q.explain(query).builds, [['value', 'content', 'type'], ['timestamp']])
    equal(await db.q.read(query).collect(), want)
    equal(db.q.explain(query).builds, undefined, 'what is still to be built')
    equal(await db.q.read({ query, limit: 7, reverse: true }).collect(), want.slice(-7).reverse())
    equal(await db.q.read({ query: query[0].$filter }).collect(), want, 'only a filter')
    await db.close()

    db = reopen().use('q', Query(1))
    await ready(db.q)
    const how = await new Promise((resolve, reject) => db.q.explain(query, (err, how) => (err ? reject(err) : resolve(how))))
    equal([how.builds, how.scan], [undefined, undefined], 'what is to be built after reopening')
    equal(db.q.explain(query), how)
    equal(await db.q.read(countByType).collect(), ['about', 'post', 'vote'].map(type => ({ type, count: records.filter(r => r.value.content.type === type).length })))
    await db.append({ timestamp: 1500000000999 })
    equal(await db.q.read({ query, seqs: true, reverse: true, limit: 1 }).collect(), [{ seq: records.findLastIndex(r => want.includes(r)), value: want.at(-1) }])
    await db.close()
  },

  async 'a declared index gives the order' ({ open, Query }) {
    const records = posts(500)
    const db = open().use('q', Query(1, { indexes: [{ key: 'aut', value: [['value', 'author'], 'timestamp'], exact: false }, { key: 'tim', value: ['timestamp'] }] }))
    await db.append(records)
    const byTime = (a, b) => a.timestamp - b.timestamp
    const query = [{ $filter: { value: { author: '@3' } } }]
    const want = records.filter(r => r.value.author === '@3').sort(byTime)
    equal(await db.q.read({ query }).collect(), want)
    equal(await db.q.read({ query, reverse: true, limit: 5 }).collect(), want.slice(-5).reverse())
    equal((({ index, scores }) => [index, scores])(db.q.explain({ query })), ['aut', { aut: 2 }])
    equal(await db.q.read([{ $sort: ['timestamp'] }]).collect(), records.slice().sort(byTime))
    equal(db.q.explain([{ $sort: ['timestamp'] }]).index, 'tim')
    db.q.add({ key: 'seq', value: [['value', 'sequence']] })
    equal(db.q.explain({ query: { value: { sequence: 7 } } }).index, 'seq')
    equal((await db.q.read({ query: { value: { sequence: { $gte: 490 } } } }).collect()).length, 10)
    thrown(() => db.q.add({ key: 'seq' }), 'INVALID_OPTION', 'an index without paths')
    await db.close()
  },

  async 'large answers come page by page, as fast as they are read' ({ open, Query }) {
    const text = 'x'.repeat(5000)
    const records = Array.from({ length: 2000 }, (_, n) => ({ n, half: n % 2, text }))
    const db = open().use('q', Query(1, { indexes: [{ key: 'h', value: ['half', 'n'] }] }))
    for (let i = 0; i < records.length; i += 500) await db.append(records.slice(i, i + 500))
    const numbers = async options => (await db.q.read(options).collect()).map(r => r.n)
    const all = records.map(r => r.n)
    equal(await numbers({}), all)
    equal(await numbers({ reverse: true }), all.slice().reverse())
    equal(await numbers({ query: { half: 1 } }), all.filter(n => n % 2))
    equal(await numbers({ query: { half: 1 }, reverse: true }), all.filter(n => n % 2).reverse())
    equal(await numbers({ query: { n: { $gte: 0 }, half: { $ne: 3 } }, gt: 10, limit: 1500 }), all.slice(11, 1511))
    equal(await numbers([{ $sort: [{ $reverse: 'n' }] }]), all.slice().reverse())
    let some = 0
    for await (const r of db.q.read({ query: { half: 0 } })) if (++some === 3 && r.n === 4) break
    equal(some, 3)
    await db.close()
  },

  async 'live' ({ open, Query }) {
    const db = open().use('q', Query(1))
    await db.append([{ t: 'a', n: 1 }, { t: 'b', n: 2 }])
    const all = []
    const follow = options => {
      const got = []
      all.push(db.q.read({ live: true, ...options }).subscribe(item => got.push(item)))
      return got
    }
    const query = [{ $filter: { t: 'a' } }, { $map: 'n' }]
    const plain = follow({ query })
    const marked = follow({ query, sync: true, reverse: true })
    const fresh = follow({ query, old: false, live: undefined })
    const two = follow({ query, limit: 2 })
    const bounded = follow({ query, lte: 3 })
    const count = follow({ query: [{ $filter: { t: 'a' } }, { $reduce: { $sum: 'n' } }] })
    await until(() => plain.length === 1 && marked.length === 2 && count.length === 1, 'what there was')
    for (const n of [3, 4, 5, 6]) {
      await db.append({ t: n === 5 ? 'b' : 'a', n })
      await sleep(5)
    }
    await until(() => plain.length === 4 && marked.length === 5 && fresh.length === 3 && count.at(-1) === 14, 'what came')
    equal([plain, marked, fresh, two, bounded], [[1, 3, 4, 6], [1, { sync: true }, 3, 4, 6], [3, 4, 6], [1, 3], [1, 3, 4]])
    equal(count.slice().sort((a, b) => a - b), count)
    await db.close()
    for (const subscription of all) subscription.unsubscribe()
  },

  async 'a live query ends when the database closes' ({ open, Query }) {
    const db = open().use('q', Query(1))
    await db.append({ n: 1 })
    const heard = []
    const over = (async () => {
      for await (const value of db.q.read({ live: true })) heard.push(value)
    })()
    await until(() => heard.length, 'what there is')
    await db.close()
    await over
    equal(heard, [{ n: 1 }])
    await refused(Promise.resolve().then(() => db.q.read().collect()), 'CLOSED', 'a read after close')
  },

  async 'rebuilds, and goes on answering' ({ open, Query }) {
    const db = open().use('q', Query(1, { indexes: [{ key: 't', value: [['value', 'content', 'type']] }] }))
    const records = posts(1000)
    await db.append(records)
    const want = await db.q.read(countByType).collect()
    const [again] = await Promise.all([db.q.read(countByType).collect(), db.rebuild(), db.q.read({ query: countByType, since: -1 }).collect()])
    equal(again, want)
    equal(await db.q.read(countByType).collect(), want)
    await db.close()
  },

  async 'map and filter come before it' ({ open, Flume, Log, name, Query }) {
    const db = open().use('q', Query(1, { map: ({ value }) => ({ ...value, twice: value.sequence * 2 }), filter: value => value.sequence % 10 !== 0 }))
    const records = posts(300)
    await db.append(records)
    const want = records.filter((_, i) => i % 10).map(({ value }) => ({ ...value, twice: value.sequence * 2 }))
    equal(await db.q.read().collect(), want)
    equal(await db.q.read({ query: { twice: { $lt: 30 } } }).collect(), want.filter(r => r.twice < 30))
    equal(await db.q.read([{ $reduce: { $count: true } }]).collect(), [270])
    await db.close()
    const codec = { encode: value => new TextEncoder().encode(JSON.stringify(value)).map(b => b ^ 1), decode: bytes => JSON.parse(new TextDecoder().decode(bytes.map(b => b ^ 1))) }
    const coded = Flume(Log(name(), { codec })).use('q', Query(1))
    await coded.append(records)
    equal(await coded.q.read({ query: type('vote'), reverse: true }).collect(), records.filter(r => r.value.content.type === 'vote').reverse())
    await coded.close()
  },

  async 'wrong options and queries are refused, and change nothing' ({ open, Query }) {
    thrown(() => Query(1, { index: [] }), 'INVALID_OPTION', 'an unknown option')
    thrown(() => Query(() => {}), 'INVALID_OPTION', 'no version')
    thrown(() => Query(1, { indexes: {} }), 'INVALID_OPTION', 'indexes that are none')
    const db = open().use('q', Query(1)).use('bad', Query(1, { indexes: [{ key: 'x', value: [] }] }))
    thrown(() => db.q.explain({}), 'CLOSED', 'explaining before the view is open')
    await refused(new Promise((resolve, reject) => db.q.explain({}, (err, how) => (err ? reject(err) : resolve(how)))), 'CLOSED', 'the same with a callback')
    await db.append({ n: 1 })
    await refused(db.bad.read().collect(), 'INVALID_OPTION', 'an index without paths')
    for (const query of [7, [{ $filter: { n: { $above: 1 } } }], [{ $map: null }], [{ $sum: 'n' }], [{ $filter: { n: () => true } }], [{ $filter: { n: NaN } }], [{ $filter: { n: /x/ } }], [{ $filter: { n: 1n } }]])
      await refused(Promise.resolve().then(() => db.q.read({ query }).collect()), 'INVALID_OPTION', String(query))
    for (const options of [{ limits: 1 }, { limit: '1' }, { gt: NaN }, 'x'])
      await refused(Promise.resolve().then(() => db.q.read(options).collect()), 'INVALID_OPTION', JSON.stringify(options))
    equal(await db.q.read({ query: [{ $filter: { n: { $lt: Infinity }, m: undefined } }, undefined] }).collect(), [{ n: 1 }])
    await db.close()
  }
}
