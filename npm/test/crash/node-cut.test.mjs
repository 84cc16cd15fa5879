// A log's newest file cut short, as a full disk or a careless copy leaves it: what is before the cut is read, and the
// log goes on.

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import Flume, { Log } from 'flumedb-wasm'
import { random } from './workload.mjs'

const seed = Number(process.env.FLUMEDB_SEED ?? Date.now() % 1e9)
const scratch = mkdtempSync(join(tmpdir(), 'flumedb-cut-'))
after(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 10 }))

const newestFile = folder => join(folder, readdirSync(folder).filter(name => name.endsWith('.log')).sort().at(-1))

// A closed log of single records and batches. Answers its folder, its records and where commits end.
async function makeLog (name, { commits, size }) {
  const folder = join(scratch, name)
  const db = Flume(Log.file(folder))
  const records = []
  const ends = new Set([0])
  for (let i = 0; i < commits; i++) {
    const batch = Array.from({ length: 1 + (i % 3) }, (_, j) => ({ commit: i, j, pad: 'x'.repeat(size) }))
    assert.equal(await db.append(batch), records.length + batch.length - 1)
    records.push(...batch)
    ends.add(records.length)
  }
  await db.close()
  return { folder, records, ends }
}

// Cuts a copy of the log at that byte. Answers how many records are left of it. warned is told of console.warn's calls.
async function cutAndReopen ({ folder, records, ends }, length, warned) {
  const copy = join(scratch, 'cut')
  rmSync(copy, { recursive: true, force: true })
  cpSync(folder, copy, { recursive: true })
  truncateSync(newestFile(copy), length)

  let db = Flume(Log.file(copy))
  warned.resetCalls()
  const left = await db.stream({ seqs: false }).collect()
  assert.equal(warned.callCount() > 0, left.length < records.length, `cut at ${length}: a warning says so where a closed log lost records`)
  assert.deepEqual(left, records.slice(0, left.length), `cut at ${length}: a beginning of the log is left`)
  assert.ok(ends.has(left.length), `cut at ${length}: no batch is left in part, but ${left.length} records are`)
  assert.deepEqual((await db.verify()).damage, [], `cut at ${length}: verify() finds no damage`)
  assert.equal(await db.append({ after: length }), left.length, `cut at ${length}: the next append follows what is left`)
  await db.close()

  db = Flume(Log.file(copy))
  const again = await db.stream({ seqs: false }).collect()
  await db.close()
  assert.deepEqual(again, [...left, { after: length }], `cut at ${length}: and is there when the log is opened again`)
  return left.length
}

test('cut at every byte', { timeout: 300_000 }, async t => {
  const warned = t.mock.method(console, 'warn', () => {}).mock
  const log = await makeLog('small', { commits: 8, size: 10 })
  const size = statSync(newestFile(log.folder)).size
  let before = 0
  for (let length = 0; length <= size; length++) {
    const left = await cutAndReopen(log, length, warned)
    assert.ok(left >= before, `cut at ${length} leaves ${left} records, one byte less left ${before}`)
    before = left
  }
  assert.equal(before, log.records.length, 'all is there where nothing is cut')
})

test('cut at random bytes of a larger log', { timeout: 300_000 }, async t => {
  t.diagnostic(`FLUMEDB_SEED=${seed}`)
  const warned = t.mock.method(console, 'warn', () => {}).mock
  const next = random(seed)
  const log = await makeLog('large', { commits: 300, size: 3000 })
  const size = statSync(newestFile(log.folder)).size
  for (let i = 0; i < 40; i++) await cutAndReopen(log, Math.floor(next() * size), warned)
})
