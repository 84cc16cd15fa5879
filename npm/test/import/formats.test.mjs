// Each format, as its own package writes it: the records come over, in order, whatever their sizes and shapes.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Flume, { Log } from 'flumedb-wasm'
import { contents, imported } from './imported.mjs'
import { random, seed, someValues } from './values.mjs'
import { asStored, fileOf, inFolder, kinds } from './writers.mjs'

for (const kind of kinds) {
  test(`${kind.title}: records of all sizes, across the ends of blocks`, async t => {
    t.diagnostic(`FLUMEDB_SEED=${seed}`)
    const next = random(seed)
    const values = someValues(400, next)
    const bytes = await fileOf(kind, values)
    for (const format of [undefined, kind.format]) {
      const { result, values: got } = await imported(bytes, { format })
      assert.deepEqual(got, asStored(values, kind))
      assert.deepEqual(result, { format: kind.format, records: 400, skipped: 0, deleted: 0, bytes: bytes.length })
    }
  })

  test(`${kind.title}: one record`, async () => {
    const bytes = await fileOf(kind, [{ hello: 'world' }])
    const { result, values } = await imported(bytes)
    assert.deepEqual([result.format, values], [kind.format, [{ hello: 'world' }]])
  })

  test(`${kind.title}: records that fill a block to its last bytes`, async () => {
    const blockSize = 512
    for (let pad = 226; pad < 242; pad++) { // two fill a block in the middle of that
      const values = [1, 2, 3, 4, 5].map(n => ({ n, pad: 'x'.repeat(pad) }))
      const bytes = await fileOf(kind, values, { blockSize })
      const { values: got } = await imported(bytes, { format: kind.format, ...(kind.blocks && { blockSize }) })
      assert.deepEqual(got, values, `padded by ${pad}`)
    }
  })

  if (kind.deletes) {
    test(`${kind.title}: deleted records are left out, the first and the last too`, async () => {
      const values = someValues(120, random(1))
      const deleted = [0, 1, 57, 58, 90, 119]
      const bytes = await fileOf(kind, values, { deleted })
      const { result, values: got } = await imported(bytes)
      assert.deepEqual(got, asStored(values.filter((_, i) => !deleted.includes(i)), kind))
      assert.deepEqual(result, { format: kind.format, records: 114, skipped: 0, deleted: 6, bytes: bytes.length })
    })

    test(`${kind.title}: all records deleted`, async () => {
      const bytes = await fileOf(kind, [{ a: 1 }, { b: 2 }], { deleted: [0, 1] })
      const { result, values } = await imported(bytes, { format: kind.format })
      assert.deepEqual(values, [])
      assert.equal(result.deleted, 2)
    })
  }

  test(`${kind.title}: records that are bytes, into a log of bytes`, async () => {
    const next = random(7)
    const values = Array.from({ length: 50 }, () => Uint8Array.from({ length: 1 + next() * 900 }, () => 1 + next() * 255))
    const bytes = await fileOf(kind, values, { codec: 'binary' })
    const { values: got } = await imported(bytes, { format: kind.format }, { codec: 'binary' })
    assert.deepEqual(got, values)
  })
}

test('flumelog-offset: a record larger than what is read at a time', async () => {
  const values = [{ small: 1 }, { large: 'ü'.repeat(3 << 20) }, { small: 2 }]
  const { values: got } = await imported(await fileOf(kinds[0], values))
  assert.deepEqual(got, values)
})

test('flumelog-offset: a first record larger than what is looked at for the format', async () => {
  const values = [{ large: 'x'.repeat(200_000) }, { small: 2 }]
  const { result, values: got } = await imported(await fileOf(kinds[1], values))
  assert.deepEqual([result.format, got], ['flumelog-offset', values])
})

test('bipf: what JSON lacks comes out as JSON.stringify would have it', async () => {
  const bipfLog = kinds.at(-1)
  const values = [{ gone: undefined, kept: null, list: [undefined, 1], zero: -0 }, { bytes: Buffer.from([1, 2, 255]) }, { when: [0.1, -1e-7, 2 ** 31 - 1, -(2 ** 31)] }]
  const { values: got } = await imported(await fileOf(bipfLog, values))
  assert.deepEqual(got, JSON.parse(JSON.stringify(values)))
})

test('a codec of your own, into a log with another', async () => {
  const reverse = { encode: value => Buffer.from(JSON.stringify(value)).reverse(), decode: bytes => JSON.parse(Buffer.from(bytes).reverse().toString()) }
  const values = someValues(60, random(3))
  const bytes = await fileOf(kinds[0], values.map(value => reverse.encode(value)), { codec: 'binary' })
  const { values: got } = await imported(bytes, { codec: { decode: reverse.decode } }, { codec: reverse })
  assert.deepEqual(got, asStored(values))
  const asJson = await imported(bytes, { codec: { decode: reverse.decode } })
  assert.deepEqual(asJson.values, asStored(values))
})

test('JSON of flumelog-offset into a log with a codec of its own', async () => {
  const codec = { encode: value => JSON.stringify(value).toUpperCase(), decode: bytes => JSON.parse(new TextDecoder().decode(bytes)) }
  const { values } = await imported(await fileOf(kinds[0], [{ a: 'b' }]), {}, { codec })
  assert.deepEqual(values, [{ A: 'B' }])
})

test('bytes that are no UTF-8 are what they were to flumelog-offset', async () => {
  const text = Buffer.from('{"a":"\xff\xc3","b":"\xed\xa0\x80"}', 'latin1')
  const { values } = await imported(await fileOf(kinds[0], [text, Buffer.from('{"c":1}')], { codec: 'binary' }), { codec: 'json' })
  assert.deepEqual(values, [JSON.parse(text.toString()), { c: 1 }])
})

test('JSON over several lines is stored as one', async () => {
  const values = someValues(20, random(5))
  const pretty = values.map((value, i) => Buffer.from(i % 2 ? JSON.stringify(value, null, 2) : `\r\n ${JSON.stringify(value)} \n`))
  const bytes = await fileOf(kinds[0], pretty, { codec: 'binary' })
  const db = Flume(Log.memory())
  await db.import(bytes)
  assert.deepEqual(await contents(db), asStored(values))
  let lines = ''
  for await (const part of db.export()) lines += Buffer.from(part)
  assert.equal(lines.split('\n').length, 21)
  await db.close()
})

test('a compaction of async-append-only-log that was interrupted', async () => {
  await inFolder(async folder => {
    const path = join(folder, 'log')
    await kinds.at(-2).write(path, [{ a: 1 }])
    writeFileSync(`${path}.compaction`, '')
    await assert.rejects(imported(path), { code: 'SOURCE', message: /compact/ })
  })
})
