// An import that was cut off anywhere goes on where it was, whatever others have appended meanwhile.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import Flume, { Log } from 'flumedb-wasm'
import { contents } from './imported.mjs'
import { random, seed, someValues } from './values.mjs'
import { asStored, fileOf, inFolder, kinds } from './writers.mjs'

const text = values => Buffer.from(values.map(value => JSON.stringify(value) + '\n').join(''))

// Runs `work` on a log in a folder, and keeps a copy of the folder as it is before each change of a file in it: what a
// crash at that moment leaves.
async function crashes (folder, work) {
  const log = join(folder, 'log')
  const copies = []
  const copy = () => {
    const to = join(folder, `crash-${copies.length}`)
    if (fs.existsSync(log)) fs.cpSync(log, to, { recursive: true, filter: path => !path.startsWith(join(log, 'lock')) })
    copies.push(to)
  }
  const changes = ['writeSync', 'renameSync', 'ftruncateSync', 'unlinkSync']
  const original = Object.fromEntries(changes.map(name => [name, fs[name]]))
  for (const name of changes) {
    fs[name] = (...args) => {
      // The lock is ours all the time.
      if (!String(args[0]).includes('lock')) copy()
      return original[name](...args)
    }
  }
  syncBuiltinESMExports()
  try {
    await work(log)
  } finally {
    Object.assign(fs, original)
    syncBuiltinESMExports()
  }
  return copies
}

// Other writers' records, one between all the import's batches.
function writeBetween (db) {
  let n = 0
  return db.since(() => {
    if (n < 50 && db.since.value % 2) db.append({ other: n++ })
  })
}

for (const [title, source, options] of [
  ['flumelog-offset', async values => fileOf(kinds[0], values)],
  ['async-append-only-log in bipf', async values => fileOf(kinds.at(-1), values)],
  ['NDJSON', async values => text(values)],
  ['a JSON array', async values => Buffer.from(JSON.stringify(values))]
]) {
  test(`${title}: cut off before each change of a file, it goes on and loses and doubles nothing`, { timeout: 120_000 }, async t => {
    t.diagnostic(`FLUMEDB_SEED=${seed}`)
    // Many equal records, which only their places tell apart.
    const next = random(seed)
    const values = Array.from({ length: 1000 }, (_, n) => ({ kind: n % 7 ? 'same' : n, pad: 'x'.repeat(n % 7 ? 3000 : next() * 6000) }))
    const bytes = await source(values)
    await inFolder(async folder => {
      const copies = await crashes(folder, async log => {
        const db = Flume(Log.file(log))
        await db.append({ before: true })
        writeBetween(db)
        await db.import(bytes, options)
        await db.close()
      })
      assert.ok(copies.length > 20, `there were ${copies.length} changes`)
      const appended = new Set()
      for (const copy of copies) {
        const db = Flume(Log.file(copy))
        const before = await contents(db)
        const [first, second] = [await db.import(bytes, options), await db.import(bytes, options)]
        assert.equal(first.records + first.skipped, 1000)
        assert.deepEqual([second.records, second.skipped], [0, 1000])
        const after = await contents(db)
        const mine = after.filter(value => value.kind !== undefined)
        assert.equal(mine.length, 1000, `${copy}: there were ${before.length} records, and are ${after.length}`)
        assert.deepEqual(mine, values)
        assert.deepEqual(after.slice(0, before.length), before)
        appended.add(first.records)
        await db.close()
        fs.rmSync(copy, { recursive: true })
      }
      // It did not begin anew each time.
      assert.ok(appended.size > 2 && appended.has(0), [...appended].join())
    })
  })
}

test('what was about to be appended is found among the records of others', async () => {
  const values = someValues(700, random(8), 4000)
  const bytes = text(values)
  await inFolder(async folder => {
    const copies = await crashes(folder, async log => {
      const db = Flume(Log.file(log))
      await db.import(bytes)
      await db.close()
    })
    for (const copy of copies) {
      const db = Flume(Log.file(copy))
      const before = (await contents(db)).length
      // Between the crash and the next import come many others, some of them equal to single records of the import.
      for (let i = 0; i < 300; i++) db.append(i % 3 ? { i } : values[(i * 7) % 700])
      const { records, skipped } = await db.import(bytes)
      assert.equal(skipped, before)
      assert.equal(records, 700 - before)
      const after = await contents(db)
      assert.deepEqual([...after.slice(0, before), ...after.slice(before + 300)], asStored(values))
      await db.close()
    }
  })
})

test('what has been deleted between the crash and the next import stays so, and is not imported again', async () => {
  const values = someValues(700, random(12), 4000)
  const bytes = text(values)
  await inFolder(async folder => {
    const copies = await crashes(folder, async log => {
      const db = Flume(Log.file(log))
      await db.import(bytes)
      await db.close()
    })
    for (const [i, copy] of copies.entries()) {
      const db = Flume(Log.file(copy))
      const before = (await contents(db)).length
      // Single ones, runs of them, and the newest.
      const gone = Array.from({ length: before }, (_, seq) => seq).filter(seq => seq % 3 === i % 3 || seq % 50 < 9 || seq > before - 4)
      await db.del(gone)
      if (i % 2) await db.append([{ i }, values[5]])
      const { records, skipped } = await db.import(bytes)
      assert.deepEqual([skipped, records], [before, 700 - before], copy)
      const stats = await db.stats()
      assert.deepEqual([stats.records, stats.deleted], [700 + (i % 2 ? 2 : 0), gone.length])
      await db.close()
    }
  })
})

test('aborted at any time, it goes on', async t => {
  t.diagnostic(`FLUMEDB_SEED=${seed}`)
  const next = random(seed)
  const values = someValues(2000, next, 2000)
  const bytes = text(values)
  for (const stream of [false, true]) {
    const db = Flume(Log.memory())
    let runs = 0
    for (let done = false; !done; runs++) {
      const abort = new AbortController()
      let given = 0
      const limit = next() * bytes.length * 1.5
      const source = async function * () {
        for (let at = 0; at < bytes.length; at += 10_000) {
          if ((given += 10_000) > limit) abort.abort()
          yield bytes.subarray(at, at + 10_000)
        }
      }
      const wait = stream ? undefined : setTimeout(() => abort.abort(), next() * 10)
      try {
        await db.import(stream ? source() : new Blob([bytes]), { signal: abort.signal })
        done = true
      } catch (err) {
        assert.equal(err.code, 'ABORTED', err.stack)
      }
      clearTimeout(wait)
      if (runs > 200) assert.fail('it does not come to its end')
    }
    assert.deepEqual(await contents(db), asStored(values))
    await db.close()
  }
})

test('a source that fails goes on from another of the same bytes', async () => {
  const values = someValues(1500, random(9), 2000)
  const bytes = text(values)
  const db = Flume(Log.memory())
  const failing = async function * () {
    for (let at = 0; at < 2_000_000; at += 65_536) yield bytes.subarray(at, at + 65_536)
    throw new Error('the net is down')
  }
  await assert.rejects(db.import(failing()), { code: 'SOURCE', message: /the net is down/ })
  const before = db.since.value + 1
  assert.ok(before > 500 && before < 1500)
  assert.deepEqual(await db.import(new Blob([bytes])), { format: 'ndjson', records: 1500 - before, skipped: before, deleted: 0, bytes: bytes.length })
  assert.deepEqual(await contents(db), asStored(values))
  await db.close()
})

for (const kind of [...kinds, { title: 'NDJSON', write: null }, { title: 'a JSON array', write: null }]) {
  test(`${kind.title}: a source that has grown is imported from where it was`, async () => {
    const make = values => kind.write ? fileOf(kind, values) : kind.title === 'NDJSON' ? text(values) : Buffer.from(JSON.stringify(values))
    // Before and behind the lengths by which a source is known.
    const values = someValues(600, random(10))
    const db = Flume(Log.memory())
    let before = 0
    for (const count of [1, 3, 3, 60, 300, 301, 600]) {
      const bytes = await make(values.slice(0, count))
      const { records, skipped } = await db.import(bytes)
      assert.deepEqual([records, skipped], [count - before, before])
      before = count
    }
    assert.deepEqual(await contents(db), asStored(values, kind))
    await db.close()
  })
}

test('a torn end that its writer has then written anew', async () => {
  const values = someValues(80, random(11))
  const bytes = await fileOf(kinds[0], values)
  const db = Flume(Log.memory())
  for (const cut of [0.3, 0.31, 0.8, 0.97, 1]) {
    const { torn } = await db.import(bytes.subarray(0, Math.floor(bytes.length * cut)))
    assert.equal(!torn, cut === 1)
  }
  assert.deepEqual(await contents(db), asStored(values))
  await db.close()
})

test('another source is another', async () => {
  const db = Flume(Log.memory())
  const [a, b] = [someValues(100, random(1)), someValues(100, random(2))]
  assert.equal((await db.import(text(a))).records, 100)
  assert.equal((await db.import(text(b))).records, 100)
  assert.equal((await db.import(Buffer.from(JSON.stringify(a)))).records, 100)
  assert.equal((await db.import(text(a))).records, 0)
  assert.equal((await db.import(text(b))).records, 0)
  await db.close()
})

test('resume: false imports all of it once more, and goes on with that', async () => {
  const db = Flume(Log.memory())
  const bytes = text(someValues(500, random(3)))
  assert.equal((await db.import(bytes)).records, 500)
  assert.equal((await db.import(bytes, { resume: false })).records, 500)
  assert.deepEqual(await db.import(bytes).then(({ records, skipped }) => [records, skipped]), [0, 500])
  await db.close()
})

test('a source that has changed where it was imported is refused', async () => {
  const values = someValues(400, random(4))
  const bytes = await fileOf(kinds[0], values)
  assert.ok(bytes.length > 100_000)
  const db = Flume(Log.memory())
  await db.import(bytes)
  const records = db.since.value
  const changed = bytes.slice()
  changed[bytes.length - 100] ^= 1
  for (const source of [changed, bytes.subarray(0, 90_000), new Blob([bytes.subarray(0, 90_000)]).stream()])
    await assert.rejects(db.import(source), { code: 'SOURCE', message: /changed/ })
  await assert.rejects(db.import(bytes, { format: 'ndjson' }), { code: 'INVALID_OPTION', message: /flumelog-offset before/ })
  assert.equal(db.since.value, records)
  await db.close()
})

test('a codec of your own must be given again', async () => {
  const codec = { encode: String, decode: bytes => new TextDecoder().decode(bytes).length }
  const bytes = await fileOf(kinds[0], [Buffer.from('one'), Buffer.from('three')], { codec: 'binary' })
  const more = await fileOf(kinds[0], [Buffer.from('one'), Buffer.from('three'), Buffer.from('x')], { codec: 'binary' })
  const db = Flume(Log.memory())
  await db.import(bytes, { codec })
  await assert.rejects(db.import(more), { code: 'INVALID_OPTION' })
  await db.import(more, { codec })
  assert.deepEqual(await contents(db), [3, 5, 1])
  await db.close()
})

test('what is noted down of imports is damaged: it fails rather than double, unless it is to begin anew', () => inFolder(async folder => {
  const dir = join(folder, 'log')
  const bytes = text(someValues(10, random(5)))
  let db = Flume(Log.file(dir))
  await db.import(bytes)
  await db.close()
  const [name] = fs.readdirSync(dir).filter(name => name.startsWith('checkpoint-'))
  const ledger = fs.readFileSync(join(dir, name))
  ledger[ledger.length - 30] ^= 1
  fs.writeFileSync(join(dir, name), ledger)
  db = Flume(Log.file(dir))
  await assert.rejects(db.import(bytes), { code: 'CORRUPT' })
  assert.equal((await db.import(bytes, { resume: false })).records, 10)
  assert.equal((await db.import(bytes)).records, 0)
  await db.close()
}))
