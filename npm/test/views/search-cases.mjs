// What Search does on every host, as cases that run in Node and in a page alike; see ../log/cases.mjs.

import { equal, random, refused, thrown } from './checks.mjs'

const posts = [
  { title: 'The quick brown fox', body: { text: 'jumps over the lazy dog' } },
  { title: 'Crème brûlée', body: { text: 'a FOX ate it' }, by: 'fox' },
  { title: '中文分词', body: { text: ['猫が好き', 'quick, brown "fox"'] } },
  { title: 7, note: 'no texts where they are looked for: fox' },
  { title: 'foxes', body: { text: 'quick foxes are brown' } }
]

export const cases = {
  async 'finds words, beginnings and phrases' ({ open, Search }) {
    const db = open().use('all', Search(1)).use('some', Search(1, { fields: ['title', 'body.text'], minLength: 2 }))
    await db.append(posts)
    const found = async (query, want, view = db.some) => equal(await view.query({ query, values: false }).collect(), want, query)
    await found('fox', [2, 1, 0])
    await found('fox', [3, 2, 1, 0], db.all)
    await found('Fox QUICK', [2, 0])
    await found('fox*', [4, 2, 1, 0])
    await found('fo', [])
    await found('creme BRULEE', [1])
    await found('"quick brown fox"', [2, 0])
    await found('"brown quick"', [])
    await found('"lazy dog" fo*', [0])
    await found('"a fox"', [1])
    await found('a fox', [2, 1, 0]) // a is too short, except in a phrase
    await found('文分词', [2])
    await found('猫', [2])
    await found('cat', [])
    await found('', [])
    equal(await db.some.query('fox creme').collect(), [posts[1]])
    equal(await db.some.query({ query: 'fox', limit: 2 }).collect(), [posts[2], posts[1]])
    equal(await db.some.query({ query: 'fox', order: 'oldest', seqs: true }).collect(), [0, 1, 2].map(seq => ({ seq, value: posts[seq] })))
    await db.close()
  },

  async 'tells where the words stand' ({ open, Search }) {
    const db = open().use('v', Search(1, { fields: ['title', 'body'] }))
    await db.append([...posts, { title: '😀 Cre\u0300me fox', body: [{ 'a"b': 'the fox' }] }])
    for (const query of ['fox', 'fox*', '"the fox"', 'creme fox', '分词', '猫', 'brown "quick'])
      for await (const { seq, value, highlights } of db.v.query({ query, highlights: true })) {
        equal(highlights.length > 0, true, `the highlights of ${query} in ${seq}`)
        for (const { path, ranges } of highlights) {
          const text = path.reduce((at, step) => at[step], value)
          for (const [begin, end] of ranges) {
            const word = text.slice(begin, end).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
            equal(query.includes(word) || (query.endsWith('*') && word.startsWith('fox')), true, `${query} finds ${word}`)
          }
        }
      }
    const [last] = await db.v.query({ query: 'creme fox', highlights: true, values: false, limit: 1 }).collect()
    equal(last, { seq: 5, highlights: [{ path: ['title'], ranges: [[3, 9], [10, 13]] }, { path: ['body', 0, 'a"b'], ranges: [[4, 7]] }] })
    await db.close()
  },

  async 'ranks' ({ open, Search, seed }) {
    const next = random(seed)
    const db = open().use('v', Search(1))
    const records = Array.from({ length: 700 }, () => ({ text: Array.from({ length: 1 + next(30) }, () => 'abcdefgh'[next(8)]).join(' ') }))
    await db.append(records)
    const words = records.map(({ text }) => text.split(' '))
    const mean = words.reduce((sum, { length }) => sum + length, 0) / words.length
    const with_ = word => words.filter(all => all.includes(word)).length
    const score = (all, word) => {
      const n = with_(word)
      const count = all.filter(w => w === word).length
      return Math.log(1 + (words.length - n + 0.5) / (n + 0.5)) * (count * 2.2) / (count + 1.2 * (0.25 + (0.75 * all.length) / mean))
    }
    const ranked = db.v.query({ query: 'a b', order: 'rank', seqs: true })[Symbol.asyncIterator]()
    let before = Infinity
    let n = 0
    for (let item; !(item = await ranked.next()).done; n++) {
      const { seq, value, score: its } = item.value
      equal(value, records[seq])
      equal(its <= before, true, `the order of ${seq}`)
      before = its
      const own = score(words[seq], 'a') + score(words[seq], 'b')
      equal(Math.abs(its - own) < 1e-9, true, `the score of ${seq} is ${its}, not ${own}`)
      if (n % 50 === 0) await db.append({ text: 'a b a b' }) // changes the answer of nobody who has begun
    }
    equal(n, words.filter(all => all.includes('a') && all.includes('b')).length)
    equal((await db.v.query({ query: 'a b', order: 'rank', limit: 3, seqs: true }).collect()).length, 3)
    await db.close()
  },

  async 'goes on with what is to come' ({ open, Search }) {
    const db = open().use('v', Search(1))
    await db.append(posts)
    const live = db.v.query({ query: 'fox', live: true, values: false })[Symbol.asyncIterator]()
    const fresh = db.v.query({ query: '"red fox"', old: false })[Symbol.asyncIterator]()
    for (const seq of [3, 2, 1, 0]) equal((await live.next()).value, seq)
    const waiting = [live.next(), fresh.next()]
    await db.v.query('x').collect()
    await db.append({ text: 'a blue fox' })
    await db.append({ text: 'a red fox' })
    equal((await waiting[0]).value, 5)
    equal((await waiting[1]).value, { text: 'a red fox' })
    equal((await live.next()).value, 6)
    await live.return()
    await fresh.return()
    await db.close()
  },

  async 'reads on only as far as it is asked to' ({ open, Search }) {
    const db = open().use('v', Search(1, { fields: 'text' }))
    const n = 3000
    for (let i = 0; i < n; i += 500) await db.append(Array.from({ length: 500 }, (_, j) => ({ text: `all of them ${i + j}`, pad: 'x'.repeat(300) })))
    let seq = n
    for await (const item of db.v.query({ query: '"of them"', seqs: true })) {
      equal(item.seq, --seq)
      equal(item.value.text, `all of them ${seq}`)
      if (seq === n - 250) break
    }
    equal(await db.v.query({ query: '2*', values: false, limit: 1 }).collect(), [2999])
    equal((await db.v.query({ query: 'them', values: false }).collect()).length, n)
    await db.close()
  },

  async 'its state is there when the log is opened again' ({ reopen, Search }) {
    let db = reopen().use('v', Search(1))
    for (const post of posts) {
      await db.append(post)
      await db.v.query('x').collect()
    }
    await db.close()
    db = reopen().use('v', Search(1))
    const progress = []
    db.progress(p => progress.push(p))
    equal(await db.v.query({ query: 'fox*', values: false }).collect(), [4, 3, 2, 1, 0])
    equal(progress.every(p => p.seq === 4), true, 'that nothing was built')
    equal(db.views.v.status.bytes > 100, true, 'what is kept')
    await db.append({ text: 'fox' })
    equal(await db.v.query({ query: 'fox', values: false }).collect(), [5, 3, 2, 1, 0])
    await db.rebuild()
    equal(await db.v.query({ query: 'fox', values: false }).collect(), [5, 3, 2, 1, 0])
    await db.close()
    db = reopen().use('v', Search(1, { minLength: 4 }))
    equal(await db.v.query({ query: 'fox', values: false }).collect(), [], 'other options')
    await db.close()
  },

  async 'a function may make the text, and a mapper and a codec come before it' ({ Flume, Log, name, open, Search }) {
    let db = open()
      .use('old', Search(1, null, value => value.title))
      .use('made', Search(1, { map: (value, seq) => (value.by ? [value.by, `number${seq}`] : null) }))
    await db.append(posts.filter(post => post.title !== 7))
    equal(await db.old.query('fox').collect(), [posts[4], posts[0]], 'beginnings, in its form')
    equal(await db.old.query({ query: '"brown fox"', values: false }).collect(), [0])
    const [{ seq, value, highlights }] = await db.made.query({ query: 'number1', highlights: true }).collect()
    equal([seq, value, highlights], [1, posts[1], [{ path: [1], ranges: [[0, 7]] }]])
    equal(await db.made.query('fox').collect(), [posts[1]])
    await db.close()

    db = Flume(Log(name()), null, (value, cb) => setTimeout(cb, 0, null, { text: value.text.toUpperCase() + ' mapped' })).use('v', Search(1))
    await db.append([{ text: 'one two' }, { text: 'two' }])
    equal(await db.v.query('"two mapped"').collect(), [{ text: 'TWO mapped' }, { text: 'ONE TWO mapped' }])
    await db.close()

    const shift = by => bytes => Uint8Array.from(bytes, byte => (byte + by) & 255)
    const codec = { encode: value => shift(1)(new TextEncoder().encode(JSON.stringify(value))), decode: bytes => JSON.parse(new TextDecoder().decode(shift(255)(bytes))) }
    db = Flume(Log(name(), { codec })).use('v', Search(1))
    await db.append(posts)
    equal(await db.v.query({ query: '"a fox"', seqs: true }).collect(), [{ seq: 1, value: posts[1] }])
    await db.close()
  },

  async 'what is wrong is refused' ({ open, Search }) {
    thrown(() => Search(1, { field: 'a' }), 'INVALID_OPTION', 'an unknown option')
    thrown(() => Search(1, { fields: 'a', map: () => '' }), 'INVALID_OPTION', 'paths and a function')
    const db = open().use('v', Search(1)).use('w', Search(1, { minLength: 'x' }))
    await db.append(posts)
    for (const query of [undefined, {}, { query: 7 }, { query: 'a', reverse: true }, { query: 'a', order: 'best' }, { query: 'a', order: 'rank', live: true }, 'x '.repeat(70), { query: 'a', since: 'x' }])
      await refused(db.v.query(query).collect(), 'INVALID_OPTION', JSON.stringify(query))
    await refused(db.w.query('fox').collect(), 'INVALID_OPTION', 'a length that is none')
    equal((await db.v.query('fox').collect()).length, 4)
    await db.close()
    thrown(() => db.v.query('fox'), 'CLOSED', 'a query after close')
  }
}
