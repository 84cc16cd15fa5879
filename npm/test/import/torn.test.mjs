// What a crash of a source's writer leaves at its end is reported and left out, as the format's own package leaves it out;
// what is damaged elsewhere stops the import at its place.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Flume, { Log } from 'flumedb-wasm'
import { contents, imported } from './imported.mjs'
import { random, seed, someValues } from './values.mjs'
import { fileOf, inFolder, kinds, readOffsetLog } from './writers.mjs'

const kindOf = format => kinds.find(kind => kind.format === format)
const values = [1, 2, 3].map(n => ({ n, text: `☃ "${'ö'.repeat(n * 7)}"` }))

// Where the records of a file begin, and where the last ends: by how much the file was when it held fewer.
async function endsOf (kind) {
  const ends = []
  for (let n = 0; n <= values.length; n++) ends.push(n ? (await fileOf(kind, values.slice(0, n))).length : 0)
  return ends
}

for (const kind of kinds.filter(({ format }) => format !== 'async-append-only-log')) {
  test(`${kind.title}: cut at every byte of the last record`, async () => {
    const bytes = await fileOf(kind, values)
    const [, , from, end] = await endsOf(kind)
    assert.equal(end, bytes.length)
    for (let cut = from; cut < end; cut++) {
      const { result, values: got } = await imported(bytes.subarray(0, cut))
      assert.deepEqual(got, values.slice(0, 2), `cut at ${cut}`)
      const { torn, ...rest } = result
      assert.deepEqual(rest, { format: kind.format, records: 2, skipped: 0, deleted: 0, bytes: cut })
      if (cut === from) assert.equal(torn, undefined)
      else assert.deepEqual([torn.position, torn.bytes], [from, cut - from], `cut at ${cut}`)
    }
  })
}

for (const bits of [32, 48, 53]) {
  test(`flumelog-offset, ${bits} bits: a torn end is what the package takes it for, with junk behind it too`, async t => {
    t.diagnostic(`FLUMEDB_SEED=${seed}`)
    const next = random(seed + bits)
    const kind = kinds.find(({ options }) => options?.bits === bits)
    const bytes = await fileOf(kind, someValues(20, next, 50))
    const first = 8 + kind.width + Buffer.from(bytes).readUInt32BE() // without which newer Nodes crash the package
    await inFolder(async folder => {
      for (let run = 0; run < 15; run++) {
        const cut = bytes.subarray(0, first + next() * (bytes.length - first))
        const junk = Uint8Array.from({ length: next() < 0.5 ? 0 : next() * 40 }, () => next() < 0.5 ? 0 : next() * 256)
        const source = Buffer.concat([cut, junk])
        const path = join(folder, String(run))
        writeFileSync(path, source)
        const { values: got, result } = await imported(source, { format: 'flumelog-offset' })
        assert.equal(result.records, got.length)
        assert.deepEqual(got, await readOffsetLog(path, { bits }), `run ${run}`)
      }
    })
  })
}

test('async-append-only-log: a newest block of which only a part was written', async () => {
  const many = someValues(400, random(2))
  for (const kind of kinds.filter(({ format }) => format === 'async-append-only-log')) {
    const bytes = await fileOf(kind, many)
    assert.equal(bytes.length % 65536, 0)
    const lastBlock = bytes.length - 65536
    const whole = await imported(bytes)
    for (const at of [lastBlock + 100, lastBlock + 5000]) {
      // The file ends there, or zeros follow, which in bipf are empty texts.
      for (const source of [bytes.slice(0, at), ...(kind.options ? [] : [bytes.slice().fill(0, at)])]) {
        const { result, values: got } = await imported(source)
        assert.deepEqual(got, whole.values.slice(0, got.length))
        assert.ok(got.length > 100 && got.length < 400)
        assert.ok(result.torn.position >= lastBlock && result.torn.position <= at)
        assert.equal(result.torn.position + result.torn.bytes, source.length)
        assert.equal(result.bytes, source.length)
      }
    }
  }
})

test('async-append-only-log: cut at every byte of the last record', async () => {
  for (const kind of kinds.filter(({ format }) => format === 'async-append-only-log')) {
    const bytes = await fileOf(kind, values)
    const size = at => 2 + bytes[at] + 256 * bytes[at + 1]
    const from = size(0) + size(size(0))
    for (let cut = from; cut < from + size(from); cut++) {
      const { result: { torn, ...rest }, values: got } = await imported(bytes.subarray(0, cut), { format: kind.format })
      assert.deepEqual(got, values.slice(0, 2), `cut at ${cut}`)
      assert.deepEqual(rest, { format: kind.format, records: 2, skipped: 0, deleted: 0, bytes: cut })
      assert.deepEqual(torn && [torn.position, torn.bytes], cut === from ? undefined : [from, cut - from])
    }
  }
})

// Changes a file, and expects the import to stop at the record from `position` on, with all before it imported.
async function stops (bytes, position, records, change, options) {
  const damaged = bytes.slice()
  change(damaged)
  const db = Flume(Log.memory())
  try {
    const error = await db.import(damaged, options).then(result => assert.fail(`it was imported: ${JSON.stringify(result)}`), err => err)
    assert.deepEqual([error.code, error.position], ['SOURCE', position], error.message)
    assert.match(error.message, new RegExp(`byte ${position}\\b`))
    assert.equal((await contents(db)).length, records)
    // It stops there again, and nothing is doubled.
    await assert.rejects(db.import(damaged, options), { code: 'SOURCE', position })
    assert.equal((await contents(db)).length, records)
  } finally {
    await db.close()
  }
}

for (const kind of kinds.filter(({ blocks }) => !blocks)) {
  test(`${kind.title}: damage in the middle stops the import at its place`, async () => {
    const bytes = await fileOf(kind, values)
    const [, from, to] = await endsOf(kind)
    // Its first length, its JSON, its last length, and where it says that it ends.
    for (const at of [from + 3, from + 5, to - (kind.width ?? 0) - 1, ...(kind.width ? [to - 1] : [])]) {
      await stops(bytes, from, 1, damaged => { damaged[at] ^= 0x55 })
    }
    await stops(bytes, 0, 0, damaged => { damaged[5] ^= 0x55 }, { format: kind.format, codec: 'json' })
    // A piece is missing. Then no record behind it says rightly where it ends, so that flumelog-offset drops them all.
    const shorter = Buffer.concat([bytes.subarray(0, from + 6), bytes.subarray(from + 9)])
    if (!kind.width) return stops(shorter, from, 1, () => {})
    const { result: { torn } } = await imported(shorter)
    assert.deepEqual([torn.position, torn.bytes], [from, shorter.length - from])
  })
}

test('flumelog-aligned-offset: damage stops the import at its place', async () => {
  const kind = kindOf('flumelog-aligned-offset')
  const bytes = await fileOf(kind, values)
  const [, from, to] = await endsOf(kind)
  for (const at of [from, from + 3, to - 1, to - 2]) await stops(bytes, from, 1, damaged => { damaged[at]-- })
})

test('async-append-only-log: damage in a block that is not the newest stops the import at its place', async () => {
  for (const kind of kinds.filter(({ format }) => format === 'async-append-only-log')) {
    const many = someValues(400, random(4))
    const bytes = await fileOf(kind, many)
    // The tenth record, counted as the file has them.
    let at = 0
    for (let n = 0; n < 10; n++) at += 2 + bytes[at] + 256 * bytes[at + 1]
    await stops(bytes, at, 10, damaged => { damaged[at + 1] = 0xff })
    await stops(bytes, at, 10, damaged => { damaged[at + 2] ^= 0x07 })
    await stops(bytes, at, 10, damaged => { damaged[at] = damaged[at + 1] = 0 })
  }
})

test('a stream whose size is not known is torn or damaged just the same', async () => {
  for (const kind of kinds.filter(({ blocks }) => !blocks)) {
    const bytes = await fileOf(kind, values)
    const [, , from, end] = await endsOf(kind)
    const stream = async function * (part) {
      for (let at = 0; at < part.length; at += 10) yield part.slice(at, at + 10)
    }
    for (let cut = from + 1; cut < end; cut += 3) {
      const { result, values: got } = await imported(stream(bytes.subarray(0, cut)))
      assert.deepEqual(got, values.slice(0, 2))
      assert.deepEqual([result.torn.position, result.torn.bytes, result.bytes], [from, cut - from, cut])
    }
    const damaged = bytes.slice()
    damaged[from + 5] ^= 0x55
    await assert.rejects(imported(stream(damaged)), { code: 'SOURCE', position: from })
  }
})
