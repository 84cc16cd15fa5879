// A bit flipped in the middle of a log's file: a typed error that says where, and all else is readable.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import Flume, { Log } from 'flumedb-wasm'

const folder = mkdtempSync(join(tmpdir(), 'flumedb-damage-'))
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))

test('a damaged record is CORRUPT with its segment and seq; the records of other segments and later appends are there', async () => {
  let db = Flume(Log.file(folder))
  for (let n = 0; n < 5; n++) await db.append({ n, mark: `mark-${n}` })
  await db.close()

  const [file] = readdirSync(folder).filter(name => name.endsWith('.log'))
  const bytes = readFileSync(join(folder, file))
  const at = bytes.indexOf('mark-2')
  assert.ok(at > 0)
  bytes[at] ^= 1
  writeFileSync(join(folder, file), bytes)

  db = Flume(Log.file(folder))
  const error = await db.get(2).then(() => assert.fail('the damaged record was read'), error => error)
  assert.equal(error.code, 'CORRUPT')
  assert.equal(error.seq, 2)
  assert.equal(typeof error.segment, 'string')
  for (const n of [0, 1, 3, 4]) assert.deepEqual(await db.get(n), { n, mark: `mark-${n}` })
  await assert.rejects(db.stream().collect(), { code: 'CORRUPT', seq: 2 })
  assert.equal((await db.stream({ gt: 2 }).collect()).length, 2)
  const { records, damage } = await db.verify()
  assert.equal(records, 4)
  assert.deepEqual(damage.map(({ first, last }) => [first, last]), [[2, 2]])
  assert.equal(await db.append({ n: 5 }), 5)
  await db.close()
})
