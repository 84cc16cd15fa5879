// What Level does on every host, as cases that run in Node and in a page alike; see ../log/cases.mjs.

import { equal, random, refused, sleep, thrown, until } from './checks.mjs'

const messages = n => Array.from({ length: n }, (_, i) => ({ author: 'abc'[i % 3], type: ['post', 'vote'][i % 2], time: (i * 7919) % 1000, i }))

export const cases = {
  async 'reads in the order of its keys' ({ open, Level }) {
    const all = messages(500)
    const db = open()
      .use('byTime', Level(1, ['time', 'i']))
      .use('byAuthor', Level(1, { keys: [['author', 'time', 'i'], [{ value: 'type' }, 'type', 'i']], where: { type: { ne: 'vote' } } }))
      .use('mine', Level(1, (value, seq) => [['mine', value.author, value.time, seq], value.i]))
    for (let i = 0; i < all.length; i += 61) await db.append(all.slice(i, i + 61))
    const byTime = [...all].sort((a, b) => a.time - b.time || a.i - b.i)
    equal(await db.byTime.read({ keys: false, seqs: false }).collect(), byTime)
    equal(await db.byTime.read({ reverse: true, values: false, limit: 7 }).collect(), byTime.reverse().slice(0, 7).map(m => ({ key: [m.time, m.i], seq: m.i })))
    const posts = all.filter(m => m.type === 'post' && m.author === 'b').sort((a, b) => a.time - b.time || a.i - b.i)
    equal(await db.byAuthor.read({ gt: ['b', null], lt: ['b', undefined], keys: false, seqs: false }).collect(), posts)
    equal(
      await db.byAuthor.read({ gte: ['b', 500], lt: ['b', undefined], keys: false, seqs: false, reverse: true, limit: 3 }).collect(),
      posts.filter(m => m.time >= 500).reverse().slice(0, 3)
    )
    equal(await db.byAuthor.read({ gte: ['type'], lt: ['type', undefined], values: false, keys: false }).collect(), all.filter(m => m.type === 'post').map(m => m.i))
    equal(await db.mine.read({ gte: 100, lt: 110, seqs: false }).collect(), all.slice(100, 110).map(value => ({ key: value.i, value })))
    const mine = all.filter(m => m.author === 'c').sort((a, b) => a.time - b.time || a.i - b.i)
    equal(await db.mine.read({ gt: ['mine', 'c'], lt: ['mine', 'c', undefined], keys: false }).collect(), mine.map(value => ({ seq: value.i, value })))
    equal(await db.mine.read({ gte: 3, lte: 5, values: false, seqs: false }).collect(), [3, 4, 5])
    await db.close()
  },

  async 'gets the newest record of a key' ({ open, Level }) {
    const db = open().use('byId', Level(1, 'id')).use('byTag', Level(1, { each: 'tags' }))
    await db.append([{ id: 'a', n: 1 }, { id: 'b', n: 2, tags: ['x', 'y'] }, { id: 'a', n: 3, tags: ['y', 1] }, { n: 4 }])
    equal(await db.byId.get('a'), { id: 'a', n: 3, tags: ['y', 1] })
    equal(await new Promise((resolve, reject) => db.byId.get('b', (err, value, seq) => (err ? reject(err) : resolve([value.n, seq])))), [2, 1])
    await refused(db.byId.get('c'), 'NOT_FOUND', 'a key that is not there')
    equal(await db.byId.get('c').catch(err => err.notFound), true)
    equal([(await db.byTag.get('x')).n, (await db.byTag.get('y')).n, (await db.byTag.get(1)).n], [2, 3, 3])
    equal(await db.byTag.read({ values: false, seqs: false }).collect(), [1, 'x', 'y'])
    equal(await db.byId.read({ seqs: false }).collect(), [
      { key: 'a', value: { id: 'a', n: 3, tags: ['y', 1] } },
      { key: 'b', value: { id: 'b', n: 2, tags: ['x', 'y'] } }
    ])
    await db.close()
  },

  async 'keys of all sorts come back in order' ({ open, Level }) {
    const keys = [
      null, false, true, -1e21, -1.5, 0, 1e-7, 1, 2, 10, '', ' ', '!', '"', 'A', 'a', 'a b', 'é', '😀',
      [], [null], [1, 2], [1, 'a'], ['a b'], ['a'], ['a', ['b']], ['b'], { a: 1 }
    ]
    const db = open().use('v', Level(1, record => record.keys))
    await db.append({ keys: [...keys].reverse() })
    equal(await db.v.read({ values: false, seqs: false }).collect(), keys)
    equal(await db.v.read({ gt: true, lt: '', values: false, seqs: false }).collect(), keys.slice(3, 10))
    equal(await db.v.read({ gte: ['a'], lt: undefined, values: false, seqs: false }).collect(), keys.slice(24, 27))
    equal(await db.v.read({ gt: -Infinity, lt: Infinity, values: false, seqs: false, reverse: true }).collect(), keys.slice(3, 10).reverse())
    await db.close()
  },

  async 'a read sees what was appended before it' ({ open, Level }) {
    const db = open().use('v', Level(1, ['k']))
    for (let n = 0; n < 60; n++) {
      await db.append({ k: n })
      equal((await db.v.get([n])).k, n)
      equal(await db.v.read({ reverse: true, limit: 1, values: false, keys: false }).collect(), [n])
    }
    await db.close()
  },

  async 'reads live' ({ open, Level }) {
    const db = open().use('v', Level(1, ['k', 'n']))
    await db.append([{ k: 'a', n: 2 }, { k: 'b', n: 1 }, { k: 'a', n: 1 }])
    const heard = []
    const stop = new AbortController()
    const listen = async () => {
      for await (const item of db.v.read({ gte: ['a'], lt: ['a', undefined], live: true, values: false, signal: stop.signal }))
        heard.push(item.sync ? 'sync' : item.key.join('') + item.seq)
    }
    const done = listen().catch(err => err.code)
    await until(() => heard.length === 3, 'what is there')
    await db.append([{ k: 'a', n: 0 }, { k: 'b', n: 0 }])
    await db.append({ k: 'a', n: 9 })
    await until(() => heard.length === 5, 'what comes')
    equal(heard, ['a12', 'a20', 'sync', 'a03', 'a95'])
    stop.abort()
    equal(await done, 'ABORTED')
    const fresh = db.v.read({ old: false, sync: false, keys: false, seqs: false })[Symbol.asyncIterator]()
    const first = fresh.next()
    await sleep(5)
    await db.append({ k: 'z', n: 1 })
    equal((await first).value, { k: 'z', n: 1 })
    await fresh.return()
    equal(await db.v.read({ live: true, limit: 4, keys: false, values: false, sync: false }).collect(), [3, 2, 0, 5])
    await db.close()
  },

  async 'its index is there when the log is opened again' ({ reopen, Level }) {
    let db = reopen().use('v', Level(1, ['type', 'time', 'i']))
    await db.append(messages(3000))
    const read = () => db.v.read({ gt: ['post', 100], lte: ['post', 200, undefined], keys: false, values: false }).collect()
    const want = await read()
    equal(want.length > 100, true)
    await db.close()
    db = reopen().use('v', Level(1, ['type', 'time', 'i']))
    const progress = []
    db.progress(p => progress.push(p))
    equal(await read(), want)
    equal(progress.every(p => p.seq === 2999), true, 'that nothing was built')
    await db.append({ type: 'post', time: 150, i: -1 })
    equal((await read()).length, want.length + 1)
    await db.close()
    db = reopen().use('v', Level(1, ['time', 'i']))
    equal(await db.v.read({ limit: 1, values: false, seqs: false }).collect(), [[0, 0]], 'other keys')
    await db.close()
  },

  async 'a large index is read from the store' ({ open, Level, seed }) {
    const next = random(seed)
    const db = open().use('v', Level(1, ['k', 'n']))
    const all = []
    for (let round = 0; round < 20; round++) {
      const some = Array.from({ length: 2000 }, (_, i) => ({ k: `a key of a certain length, so that there are many bytes: ${next(5000)}`, n: round * 2000 + i }))
      all.push(...some)
      await db.append(some)
    }
    all.sort((a, b) => (a.k < b.k ? -1 : a.k > b.k ? 1 : a.n - b.n))
    const check = async () => {
      for (let i = 0; i < 20; i++) {
        const [from, to] = [next(all.length), next(all.length)].sort((a, b) => a - b)
        const reverse = !!next(2)
        const want = all.slice(from, to).map(m => m.n)
        const limit = next(3) * 50
        const options = { gte: [all[from].k, all[from].n], lt: [all[to].k, all[to].n], reverse, limit, keys: false, values: false }
        if (reverse) want.reverse()
        equal(await db.v.read(options).collect(), limit ? want.slice(0, limit) : want, `seed ${seed}: ${JSON.stringify(options)}`)
      }
    }
    await check()
    await until(() => db.views.v.status.bytes > 4e5, 'the index in the store')
    await check()
    await db.close()
  },

  async 'deleted records are skipped' ({ open, Level }) {
    const db = open().use('v', Level(1, ['k'])).use('made', Level(1, r => [r.k]))
    await db.append([{ k: 1 }, { k: 2 }, { k: 3 }])
    equal((await db.v.read().collect()).length, 3)
    await db.del(1)
    equal(await db.v.read({ seqs: false, values: false }).collect(), [[1], [3]])
    equal(await db.made.read({ seqs: false }).collect(), [{ key: 1, value: { k: 1 } }, { key: 3, value: { k: 3 } }])
    await refused(db.v.get([2]), 'NOT_FOUND', 'a deleted key')
    await db.close()
  },

  async 'a mapper and a codec come before it' ({ Flume, Log, name, Level }) {
    let db = Flume(Log(name()), null, (value, cb) => cb(null, { n: -value.n })).use('v', Level(1, 'n'))
    await db.append([{ n: 1 }, { n: 3 }, { n: 2 }])
    equal(await db.v.read().collect(), [
      { key: -3, seq: 1, value: { n: -3 } },
      { key: -2, seq: 2, value: { n: -2 } },
      { key: -1, seq: 0, value: { n: -1 } }
    ])
    equal(await db.v.get(-2), { n: -2 })
    await db.close()
    const text = new TextEncoder()
    const codec = { encode: value => text.encode('x' + JSON.stringify(value)), decode: bytes => JSON.parse(new TextDecoder().decode(bytes).slice(1)) }
    db = Flume(Log(name(), { codec })).use('v', Level(1, 'n'))
    await db.append([{ n: 2 }, { n: 1 }])
    equal(await db.v.read({ keys: false, seqs: false }).collect(), [{ n: 1 }, { n: 2 }])
    await db.close()
  },

  async 'what is wrong is refused' ({ open, Level }) {
    thrown(() => Level(1), 'INVALID_OPTION', 'no keys')
    thrown(() => Level(1, {}), 'INVALID_OPTION', 'options without keys')
    const db = open().use('v', Level(1, 'k')).use('bad', Level(1, [])).use('throws', Level(1, r => r.keys.map(k => k)))
    await db.append({ k: 1, keys: [1] })
    await refused(db.bad.get(1), 'INVALID_OPTION', 'a key of no parts')
    await refused(db.v.get(NaN), 'INVALID_OPTION', 'NaN')
    await refused(db.v.read({ above: 1 }).collect(), 'INVALID_OPTION', 'an unknown option')
    await refused(db.v.read({ limit: 'x' }).collect(), 'INVALID_OPTION', 'a limit that is no number')
    equal(await db.throws.get(1), { k: 1, keys: [1] })
    await db.append({ k: 2 })
    const err = await db.throws.get(1).catch(err => err)
    equal([err.code, err.seq, err.view], ['VIEW', 1, 'throws'])
    equal(await db.v.get(2), { k: 2 })
    await db.close()
  }
}
