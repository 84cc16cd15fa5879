// Export: NDJSON as the log holds it.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import Flume, { Log } from 'flumedb-wasm'
import { random, someValues } from './values.mjs'
import { inFolder } from './writers.mjs'

const require = createRequire(import.meta.url)
const textOf = async source => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(await source.collect()))
const linesOf = async source => {
  const text = await textOf(source)
  assert.ok(!text || text.endsWith('\n'))
  return text.split('\n').slice(0, -1).map(line => JSON.parse(line))
}

test('all records, each a line, in every shape of stream', async () => {
  const db = Flume(Log.memory())
  assert.equal(await textOf(db.export()), '')
  const values = [...someValues(3000, random(1)), 'ü\n"', 0, null, [], { a: '\ud800' }]
  for (let i = 0; i < values.length; i += 7) await db.append(values.slice(i, i + 7))
  const text = values.map(value => JSON.stringify(value) + '\n').join('')
  assert.equal(await textOf(db.export()), text)
  let iterated = ''
  for await (const bytes of db.export()) {
    assert.equal(bytes.at(-1), 10, 'whole lines')
    iterated += Buffer.from(bytes)
  }
  assert.equal(iterated, text)
  assert.equal(await new Response(db.export().toReadableStream()).text(), text)
  await inFolder(async folder => {
    const path = join(folder, 'out.ndjson')
    await pipeline(Readable.from(db.export()), createWriteStream(path))
    assert.equal(readFileSync(path, 'utf8'), text)
  })
  await db.close()
})

test('the options of a stream, and seqs', async () => {
  const db = Flume(Log.memory())
  const values = Array.from({ length: 100 }, (_, n) => ({ n }))
  await db.append(values)
  for (const [options, from, to] of [[{ gt: 10, lt: 20 }, 11, 20], [{ gte: 97 }, 97, 100], [{ lte: 2 }, 0, 3], [{ limit: 5 }, 0, 5], [{ gt: 99 }, 0, 0]]) {
    const expected = values.slice(from, to)
    assert.deepEqual(await linesOf(db.export(options)), expected)
    assert.deepEqual(await linesOf(db.export({ ...options, seqs: true })), expected.map(value => ({ seq: value.n, value })))
    if (options.limit) continue
    assert.deepEqual(await linesOf(db.export({ ...options, reverse: true })), expected.toReversed())
    assert.deepEqual(await linesOf(db.export({ ...options, reverse: true, seqs: true })), expected.map(value => ({ seq: value.n, value })).toReversed())
  }
  for (const options of [{ values: false }, { sync: true }, { form: 'json' }]) assert.throws(() => db.export(options), { code: 'INVALID_OPTION' })
  await db.close()
})

test('a live export gives what is appended, until its signal', async () => {
  const db = Flume(Log.memory())
  await db.append({ n: 0 })
  const abort = new AbortController()
  const lines = []
  await assert.rejects(async () => {
    for await (const bytes of db.export({ live: true, signal: abort.signal })) {
      lines.push(...Buffer.from(bytes).toString().trim().split('\n'))
      if (lines.length < 4) db.append({ n: lines.length })
      else abort.abort()
    }
  }, { code: 'ABORTED' })
  assert.deepEqual(lines, ['{"n":0}', '{"n":1}', '{"n":2}', '{"n":3}'])
  const open = db.export({ live: true }).collect()
  await db.close()
  await assert.rejects(open, { code: 'CLOSED' })
  assert.throws(() => db.export(), { code: 'CLOSED' })
})

test('what goes out comes in again, byte by byte', async () => {
  const [from, to] = [Flume(Log.memory()), Flume(Log.memory())]
  await from.append(someValues(2000, random(2)))
  await to.import(from.export())
  assert.equal(await textOf(to.export()), await textOf(from.export()))
  await from.close()
  await to.close()
})

test('other codecs and other logs', async () => {
  const codec = { encode: value => `<${JSON.stringify(value)}>`, decode: bytes => JSON.parse(new TextDecoder().decode(bytes).slice(1, -1)) }
  const custom = Flume(Log.memory({ codec }))
  await custom.append([{ a: 1 }, { b: 2 }])
  assert.deepEqual(await linesOf(custom.export({ reverse: true })), [{ b: 2 }, { a: 1 }])
  assert.deepEqual(await linesOf(custom.export({ seqs: true })), [{ seq: 0, value: { a: 1 } }, { seq: 1, value: { b: 2 } }])
  await custom.close()

  const other = Flume(require('flumelog-memory')())
  await other.append([{ a: 1 }, { b: 2 }])
  assert.deepEqual(await linesOf(other.export({ gt: 0 })), [{ b: 2 }])
  await other.close()

  const binary = Flume(Log.memory({ codec: 'binary' }))
  await binary.append(new Uint8Array([1]))
  await assert.rejects(binary.export().collect(), { code: 'INVALID_RECORD', seq: 0 })
  await binary.close()
})

test('it reads no further than it is asked to', async () => {
  const db = Flume(Log.memory())
  const value = 'x'.repeat(50_000)
  for (let i = 0; i < 400; i++) await db.append(value)
  const iterator = db.export()[Symbol.asyncIterator]()
  const first = await iterator.next()
  assert.ok(first.value.length < 1 << 20)
  await iterator.return()
  await db.close()
})
