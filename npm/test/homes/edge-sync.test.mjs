// Sync of logs in Node with one in a Durable Object, on a real workerd.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import Flume, { Log } from 'flumedb-wasm'
import { openEdge, unlessWorkerd } from './edge.mjs'
import { token } from './flumed.mjs'

test('logs come to hold the same through an object', { timeout: 120_000, ...unlessWorkerd }, async () => {
  const edge = await openEdge()
  const [a, b] = [Flume(Log.memory()), Flume(Log.memory())]
  try {
    const url = new URL('/logs/synced/', edge.origin)
    const valuesOf = async db => (await db.stream({ seqs: false }).collect()).map(value => JSON.stringify(value)).sort()
    await a.append(Array.from({ length: 5000 }, (_, n) => ({ by: 'a', n, text: 'x'.repeat(300) })))
    await b.append({ by: 'b', n: 0 })
    assert.deepEqual(await a.sync(url, { token }), { pulled: 0, pushed: 5000, forked: 0 })
    assert.deepEqual(await b.sync(url, { token }), { pulled: 5000, pushed: 1, forked: 0 })
    await b.del(7)
    await b.sync(url, { token })
    await a.sync(url, { token })
    assert.equal((await valuesOf(a)).length, 5000)
    assert.deepEqual(await valuesOf(a), await valuesOf(b))
  } finally {
    await Promise.all([a.close(), b.close()])
    await edge.close()
  }
})
