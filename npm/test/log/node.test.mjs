// The cases of a log, in Node.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import Flume, { Log, Reduce } from 'flumedb-wasm'
import { cases, run } from './cases.mjs'

const folder = mkdtempSync(join(tmpdir(), 'flumedb-log-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let logs = 0
const name = () => join(folder, String(logs++))

for (const title of Object.keys(cases)) test(title, { timeout: 120_000 }, () => run(title, { Flume, Log, Reduce, name }))

test('records that somebody has cut off a closed log are told of, and nothing else is', async t => {
  const dir = name()
  let db = Flume(Log(dir))
  for (let i = 0; i < 5; i++) await db.append(i)
  await db.close()
  const warned = t.mock.method(console, 'warn', () => {})
  db = Flume(Log(dir))
  assert.equal(await db.get(4), 4)
  await db.close()
  assert.equal(warned.mock.callCount(), 0)
  const file = join(dir, readdirSync(dir).find(file => file.endsWith('.log')))
  truncateSync(file, statSync(file).size - 1)
  db = Flume(Log(dir))
  assert.deepEqual(await db.stream({ seqs: false }).collect(), [0, 1, 2, 3])
  await new Promise(resolve => setTimeout(resolve, 10))
  assert.match(warned.mock.calls[0].arguments[0], /1 records behind seq 3 are gone/)
  assert.equal(await db.append('on'), 4)
  await db.close()
})

test('a log of the browser is refused by name', () => {
  assert.throws(() => Log.indexedDB('x'), { code: 'INVALID_OPTION' })
})
