// What Hashtable does on every host, as cases that run in Node and in a page alike; see ../log/cases.mjs.

import { equal, random, refused, thrown } from './checks.mjs'

const collect = source => source.collect()

/** The next `n` items of an iterator. */
const take = async (items, n) => {
  const all = []
  while (all.length < n) all.push((await items.next()).value)
  return all
}

export const cases = {
  async 'finds the newest record of a key' ({ open, Hashtable }) {
    const db = open()
      .use('byId', Hashtable(1, 'id'))
      .use('byBoth', Hashtable(1, { key: ['author.name', ['n', 0]] }))
    const records = [
      { id: 'a', i: 0 }, { id: 'b', i: 1 }, { id: 'a', i: 2 }, { id: 7, i: 3 }, { id: '7', i: 4 }, { id: null, i: 5 }, { i: 6 },
      { id: { x: [1], y: 'é😀' }, i: 7 }, { id: '', i: 8 }, { author: { name: 'me' }, n: [1] }, { author: { name: 'me' }, n: [2] }, 'bare'
    ]
    await db.append(records)
    const at = async (key, want) => equal(await db.byId.get(key), want, JSON.stringify(key))
    await at('a', records[2])
    await at('b', records[1])
    await at(7, records[3])
    await at('7', records[4])
    await at(null, records[5])
    await at({ y: 'é😀', x: [1] }, records[7])
    await at('', records[8])
    equal(await db.byBoth.get(['me', 1]), records[9])
    equal(await db.byBoth.get(['me', 2]), records[10])
    await refused(db.byId.get('c'), 'NOT_FOUND', 'a key that is not there')
    await refused(db.byBoth.get(['me', 3]), 'NOT_FOUND', 'a key that is not there by half')
    equal((await db.byId.get('c').catch(err => err)).notFound, true)
    equal(await new Promise(resolve => db.byId.get('a', (err, value, seq) => resolve([err, value, seq]))), [null, records[2], 2])
    equal(await new Promise(resolve => db.byId.get('a', { since: 1 }, (err, value, seq) => resolve([err, value, seq]))), [null, records[2], 2])
    equal(await new Promise(resolve => db.byId.get('c', err => resolve(err.code))), 'NOT_FOUND')
    await db.append({ id: { since: 1e9 }, i: 9 })
    equal((await db.byId.get({ since: 1e9 })).i, 9, 'a key that looks like options')
    equal(db.byId.meta.get >= 9, true)
    await db.close()
  },

  async 'a read sees what was appended before it' ({ open, Hashtable }) {
    const db = open().use('byKey', Hashtable(1, 'key'))
    for (let n = 0; n < 50; n++) {
      const appended = db.append({ key: n % 5, n })
      if (n % 2) await appended
      await appended
      equal((await db.byKey.get(n % 5)).n, n)
    }
    equal((await db.byKey.get(3, { since: -1 })).n, 48)
    await db.close()
    await refused(db.byKey.get(3), 'CLOSED', 'a read after close')
  },

  async 'lists all records of a key' ({ open, Hashtable }) {
    const db = open().use('byKey', Hashtable(1, 'key'))
    const records = Array.from({ length: 1000 }, (_, i) => ({ key: i % 3, i, pad: 'x'.repeat(i % 600) }))
    for (let i = 0; i < records.length; i += 97) await db.append(records.slice(i, i + 97))
    const ones = records.map((value, seq) => ({ seq, value })).filter(item => item.value.key === 1)
    equal(await collect(db.byKey.read({ key: 1 })), ones)
    equal(await collect(db.byKey.read({ key: 1, reverse: true })), ones.toReversed?.() ?? [...ones].reverse())
    equal(await collect(db.byKey.read({ key: 1, limit: 150, values: false })), ones.slice(0, 150).map(item => item.seq))
    equal(await collect(db.byKey.read({ key: 1, limit: 2, reverse: true, seqs: false })), ones.slice(-2).map(item => item.value).reverse())
    equal(await collect(db.byKey.read({ key: 4 })), [])
    let n = 0
    for await (const { seq } of db.byKey.read({ key: 2 })) {
      equal(seq, 3 * n + 2)
      if (++n === 120) break
    }
    await db.close()
  },

  async 'lists live' ({ open, Hashtable }) {
    const db = open().use('byKey', Hashtable(1, 'key'))
    await db.append([{ key: 1, i: 0 }, { key: 2, i: 1 }, { key: 1, i: 2 }])
    const up = db.byKey.read({ key: 1, live: true, values: false })[Symbol.asyncIterator]()
    const down = db.byKey.read({ key: 1, live: true, reverse: true, values: false })[Symbol.asyncIterator]()
    const to = db.byKey.read({ key: 1, old: false, limit: 3, values: false })[Symbol.asyncIterator]()
    const first = take(to, 1)
    equal(await take(up, 2), [0, 2])
    equal(await take(down, 2), [2, 0])
    await db.byKey.get(1)
    const more = [take(up, 3), take(down, 3), first.then(one => take(to, 2).then(two => [...one, ...two]))]
    for (let i = 3; i < 9; i++) await db.append({ key: 1 + (i % 2), i })
    for (const items of more) equal(await items, [4, 6, 8])
    equal((await to.next()).done, true, 'the end at the limit')
    const waiting = up.next()
    db.rebuild()
    await db.append({ key: 1, i: 9 })
    equal((await waiting).value, 9, 'the next one, through a rebuild')
    await up.return()
    const stopped = down.next().catch(err => err.code)
    await db.close()
    const end = await stopped
    equal(end === 'CLOSED' || end.done || end.value === 9, true, 'the end of a live list')
  },

  async 'its state is there when the log is opened again' ({ reopen, Hashtable }) {
    let db = reopen().use('v', Hashtable(1, 'key'))
    for (let n = 0; n < 300; n++) await db.append({ key: `k${n % 100}`, n })
    equal((await db.v.get('k7')).n, 207)
    await db.close()
    db = reopen().use('v', Hashtable(1, 'key'))
    const progress = []
    db.progress(p => progress.push(p))
    equal((await db.v.get('k7')).n, 207)
    equal(await collect(db.v.read({ key: 'k7', values: false })), [7, 107, 207])
    equal(db.views.v.status.bytes > 300, true, 'what is kept')
    equal(progress.every(p => p.seq === 299), true, 'that nothing was built')
    await db.append({ key: 'k7', n: 300 })
    equal((await db.v.get('k7')).n, 300)
    await db.close()
    db = reopen().use('v', Hashtable(2, ['n']))
    equal((await db.v.get(10)).key, 'k10', 'another version and key')
    await db.close()
  },

  async 'a function may make the key, and a mapper and a codec come before it' ({ Flume, Log, name, open, Hashtable }) {
    let db = open()
      .use('made', Hashtable(1, { key: (value, seq) => (value.n % 2 ? undefined : [value.n, seq]) }))
      .use('old', Hashtable(1, () => { throw new Error('a hash is not needed') }, value => value.n + '!'))
      .use('plain', Hashtable(1, () => 0))
    await db.append([{ n: 1, key: 'x' }, { n: 2 }, { n: 4, key: 'y' }])
    equal(await db.made.get([4, 2]), { n: 4, key: 'y' })
    await refused(db.made.get([1, 0]), 'NOT_FOUND', 'a record without a key')
    equal(await db.old.get('2!'), { n: 2 })
    equal(await db.plain.get('y'), { n: 4, key: 'y' })
    equal(await collect(db.made.read({ key: [2, 1] })), [{ seq: 1, value: { n: 2 } }])
    await db.close()

    const log = name()
    const mapper = (value, cb) => setTimeout(cb, value.n % 10 ? 0 : 1, null, { n: value.n * 2 })
    db = Flume(Log(log), null, mapper).use('v', Hashtable(1, 'n'))
    await db.append(Array.from({ length: 50 }, (_, n) => ({ n })))
    equal(await db.v.get(42), { n: 42 })
    await refused(db.v.get(43), 'NOT_FOUND', 'a value before the mapper')
    await db.close()
    db = Flume(Log(log), null, mapper).use('v', Hashtable(1, 'n'))
    equal(await collect(db.v.read({ key: 44 })), [{ seq: 22, value: { n: 44 } }])
    await db.close()

    const shift = by => bytes => Uint8Array.from(bytes, byte => (byte + by) & 255)
    const codec = { encode: value => shift(1)(new TextEncoder().encode(JSON.stringify(value))), decode: bytes => JSON.parse(new TextDecoder().decode(shift(255)(bytes))) }
    db = Flume(Log(name(), { codec })).use('v', Hashtable(1, 'n'))
    await db.append(Array.from({ length: 50 }, (_, n) => ({ n: n % 7, i: n })))
    equal(await db.v.get(3), { n: 3, i: 45 })
    await db.close()
  },

  async 'what is wrong is refused' ({ open, Hashtable }) {
    thrown(() => Hashtable(1), 'INVALID_OPTION', 'no key')
    thrown(() => Hashtable(1, {}), 'INVALID_OPTION', 'options without a key')
    const db = open().use('v', Hashtable(1, 'a')).use('w', Hashtable(1, ['a', 'b'])).use('x', Hashtable(1, []))
    await db.append({ a: 1 })
    await refused(db.v.get(), 'INVALID_OPTION', 'no key')
    await refused(db.v.get(NaN), 'INVALID_OPTION', 'a key that JSON has not')
    await refused(db.v.get(1, { since: 'x' }), 'INVALID_OPTION', 'a since that is no number')
    await refused(collect(db.v.read({ key: 1, gt: 0 })), 'INVALID_OPTION', 'an unknown option')
    await refused(collect(db.v.read()), 'INVALID_OPTION', 'a read without a key')
    await refused(collect(db.v.read({ key: 1, limit: 'x' })), 'INVALID_OPTION', 'a limit that is no number')
    await refused(db.w.get(1), 'INVALID_OPTION', 'half a key')
    await refused(db.x.get(1), 'INVALID_OPTION', 'a view without paths')
    equal(await db.v.get(1), { a: 1 })
    await db.close()
  },

  async 'answers as a Map would' ({ open, Hashtable, seed }) {
    const next = random(seed)
    const keys = Array.from({ length: 40 }, (_, i) => [i, String(i), [i], { i, j: [String(i)] }, `${'long '.repeat(20)}${i}`][next(5)])
    const db = open().use('v', Hashtable(1, 'k'))
    const want = new Map()
    for (let n = 0; n < 600; ) {
      const batch = Array.from({ length: 1 + next(60) }, () => ({ k: keys[next(keys.length)], n: n++ }))
      await db.append(batch)
      for (const record of batch) {
        const id = JSON.stringify(record.k)
        want.set(id, [...(want.get(id) ?? []), record])
      }
      for (let i = 0; i < 5; i++) {
        const key = keys[next(keys.length)]
        const all = want.get(JSON.stringify(key)) ?? []
        equal(await db.v.get(key).catch(err => err.code), all.at(-1) ?? 'NOT_FOUND', `${JSON.stringify(key)} after ${n}`)
        equal(await collect(db.v.read({ key, seqs: false, reverse: true, limit: 3 })), all.slice(-3).reverse())
      }
    }
    await db.close()
  }
}
