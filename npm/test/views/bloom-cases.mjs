// What Bloom does on every host, as cases that run in Node and in a page alike; see ../log/cases.mjs.

import { equal, refused, thrown } from './checks.mjs'

export const cases = {
  async 'knows every key, and few others' ({ open, Bloom, seed }) {
    const db = open().use('has', Bloom(1, 'id', { items: 200, probability: 0.02 }))
    const n = 3000
    for (let i = 0; i < n; i += 300) await db.append(Array.from({ length: 300 }, (_, j) => ({ id: `${seed} ${i + j}` })))
    let wrong = 0
    for (let i = 0; i < n; i++) {
      equal(await db.has.has(`${seed} ${i}`), true, `key ${i}`)
      if (await db.has.has(`other ${seed} ${i}`)) wrong++
    }
    // 60 at most are to be expected; that they are 110 does not happen.
    equal(wrong < 110, true, `${wrong} false positives of ${n}`)
    await db.close()
  },

  async 'a read sees what was appended before it' ({ open, Bloom }) {
    const db = open().use('v', Bloom(1, ['a', 'b']))
    equal(await db.v.has([1, 'x']), false)
    for (let i = 0; i < 50; i++) {
      equal(await db.v.has([i, 'x']), false)
      const appended = db.append({ a: i, b: 'x' })
      await appended
      equal(await db.v.has([i, 'x']), true)
    }
    equal(await db.v.has([3, 'x'], { since: -1 }), true)
    equal(await new Promise((resolve, reject) => db.v.has([50, 'x'], (err, has) => (err ? reject(err) : resolve(has)))), false)
    await db.close()
    await refused(db.v.has([3, 'x']), 'CLOSED', 'a read after close')
  },

  async 'its state is there when the log is opened again' ({ reopen, Bloom }) {
    const options = { items: 20, probability: 0.001 }
    let db = reopen().use('v', Bloom(1, 'n', options))
    await db.append(Array.from({ length: 100 }, (_, n) => ({ n })))
    equal(await db.v.has(99), true)
    await db.close()
    db = reopen().use('v', Bloom(1, 'n', options))
    const progress = []
    db.progress(p => progress.push(p))
    for (let n = 0; n < 100; n++) equal(await db.v.has(n), true, n)
    equal(progress.every(p => p.seq === 99), true, 'that nothing was built')
    equal(await db.v.has('99'), false, 'a string for a number')
    await db.close()
    db = reopen().use('v', Bloom(1, 'n'))
    for (let n = 0; n < 100; n++) equal(await db.v.has(n), true, 'with other options')
    await db.rebuild()
    equal(await db.v.has(42), true, 'built again')
    await db.close()
  },

  async 'a function may make the key, and a mapper comes before it' ({ Flume, Log, name, Bloom }) {
    const db = Flume(Log(name()), null, (value, cb) => cb(null, { n: value.n * 2 })).use('v', Bloom(1, value => (value.n % 4 ? null : `k${value.n}`)))
    await db.append(Array.from({ length: 50 }, (_, n) => ({ n })))
    equal(await Promise.all([db.v.has('k40'), db.v.has('k42'), db.v.has('k0'), db.v.has(null)]), [true, false, true, false])
    await db.close()
  },

  async 'what is wrong is refused' ({ open, Bloom }) {
    thrown(() => Bloom(1), 'INVALID_OPTION', 'no key')
    thrown(() => Bloom(1, 'a', { probabilty: 0.1 }), 'INVALID_OPTION', 'an unknown option')
    const db = open().use('v', Bloom(1, 'a')).use('w', Bloom(1, 'a', { probability: 2 }))
    await refused(db.v.has(), 'INVALID_OPTION', 'no key')
    await refused(db.w.has(1), 'INVALID_OPTION', 'a probability that is none')
    equal(await db.v.has(1), false)
    await db.close()
  }
}
