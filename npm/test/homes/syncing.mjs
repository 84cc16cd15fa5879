// What db.sync in Node does with a log in every home that takes it: two logs come to hold the same through it.

import assert from 'node:assert/strict'
import Flume, { Log } from 'flumedb-wasm'
import { token } from './flumed.mjs'

const valuesOf = async db => (await db.stream({ seqs: false }).collect()).map(value => JSON.stringify(value)).sort()

/** The log at url is empty. restart stops what serves it, and answers when the next request finds what is stored. */
export async function syncThrough (url, restart) {
  const [a, b] = [Flume(Log.memory()), Flume(Log.memory())]
  try {
    const same = async (records, ...hasNot) => {
      const [values, others] = [await valuesOf(a), await valuesOf(b)]
      assert.deepEqual(values, others)
      assert.equal(values.length, records)
      for (const value of hasNot) assert.ok(!values.includes(JSON.stringify(value)), JSON.stringify(value))
    }
    const text = 'x'.repeat(300)
    await a.append(Array.from({ length: 5000 }, (_, n) => ({ by: 'a', n, text })))
    await b.append({ by: 'b', n: 0 })
    assert.deepEqual(await a.sync(url, { token }), { pulled: 0, pushed: 5000, forked: 0 })
    await restart()
    assert.deepEqual(await b.sync(url, { token }), { pulled: 5000, pushed: 1, forked: 0 })
    assert.deepEqual(await a.sync(url, { token }), { pulled: 1, pushed: 0, forked: 0 })
    await same(5001)

    await b.del(7) // which is a's, as all from 1 on: 0 is b's own
    await b.sync(url, { token })
    await restart()
    await a.sync(url, { token })
    await same(5000, { by: 'a', n: 6, text })

    await Promise.all([a.append({ by: 'a', n: 5000 }), b.append({ by: 'b', n: 1 })])
    await Promise.all([a.sync(url, { token }), b.sync(url, { token })])
    await restart()
    await a.sync(url, { token })
    await b.sync(url, { token })
    await same(5002)
    for (const db of [a, b]) assert.deepEqual(await db.sync(url, { token }), { pulled: 0, pushed: 0, forked: 0 })
  } finally {
    await Promise.all([a.close(), b.close()])
  }
}
