// The cases of cases.mjs, in Node.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as ours from 'flumedb-wasm'
import { cases } from './cases.mjs'

const require = createRequire(import.meta.url)
const theirs = {
  Flume: require('flumedb'),
  Reduce: require('flumeview-reduce'),
  Level: require('flumeview-level'),
  Query: require('flumeview-query'),
  Links: require('flumeview-links'),
  Search: require('flumeview-search'),
  Hashtable: require('flumeview-hashtable'),
  pull: require('pull-stream')
}
const Memory = require('flumelog-memory')
const Offset = require('flumelog-offset')
const LevelLog = require('flumelog-level')
const codec = require('flumecodec/json')

const folder = mkdtempSync(join(tmpdir(), 'flumedb-both-ways-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let names = 0
const name = () => join(folder, String(names++))
const logs = {
  ours: at => ours.Log(at),
  oursInMemory: () => ours.Log.memory(),
  memory: () => Memory(),
  memoryFile: at => Memory(join(at, 'log')),
  offset: at => Offset(join(at, 'log'), { codec }),
  level (at) {
    mkdirSync(at)
    return LevelLog(join(at, 'log'))
  }
}

// flumelog-level and flumeview-query say more than anybody wants to hear.
const { log } = console
console.log = () => {}
after(() => { console.log = log })

for (const [title, { run }] of Object.entries(cases)) test(title, { timeout: 60_000 }, () => run({ ours, theirs, logs, name, removed: at => ours.Log.delete(at) }))

test("views' files are in a folder of their own, whatever the views are called", async () => {
  const at = name()
  const open = () => {
    const db = ours.Flume(ours.Log(at))
    for (const view of ['lock', 'log', 'checkpoint-own', 'x.tmp', '0000000000000000.log']) db.use(view, theirs.Level(1, n => [n]))
    return db.use('reduced', theirs.Reduce(1, (sum, n) => (sum ?? 0) + n)).use('own', ours.Reduce(1, (sum, n) => (sum ?? 0) + n))
  }
  let db = open()
  assert.equal(db.dir, join(at, 'views'))
  await db.append([1, 2, 3])
  assert.deepEqual(await db.lock.get(3), 3)
  assert.equal(await db.own.get(), 6)
  await db.close()
  assert.deepEqual(readdirSync(at).sort(), ['0000000000000000.log', 'checkpoint-own', 'meta', 'views'])
  assert.deepEqual(readdirSync(join(at, 'views')).sort(), ['0000000000000000.log', 'checkpoint-own', 'lock', 'log', 'reduced.json', 'x.tmp'])

  db = open()
  for (const view of ['lock', 'log', 'checkpoint-own', 'x.tmp', '0000000000000000.log']) assert.deepEqual(await db[view].read({ values: false, seqs: false }).collect(), [1, 2, 3])
  assert.deepEqual([await db.reduced.get(), await db.own.get()], [6, 6])
  assert.deepEqual((await db.verify()).damage, [])
  await db.close()
})

test('the folder of views is made when it is asked for, and what keeps it from being made is told', async () => {
  const at = name()
  const db = ours.Flume(ours.Log(at))
  await db.append(1)
  assert.ok(!existsSync(join(at, 'views')))
  writeFileSync(join(at, 'views'), '')
  assert.throws(() => db.use('level', theirs.Level(1, n => [n])), { code: 'STORE' })
  assert.throws(() => db.dir, { code: 'STORE' })
  assert.equal(await db.get(0), 1)
  await db.close()
})

test('a log in memory has no folder', async () => {
  const db = ours.Flume(ours.Log.memory())
  assert.equal(db.dir, null)
  assert.throws(() => db.use('level', theirs.Level(1, n => [n])), TypeError)
  await db.close()
})

test('the way to move that docs/compatibility.md shows', async () => {
  const at = name()
  const old = ours.Flume(Offset(join(at, 'old/log.offset'), { codec }))
  await old.append(Array.from({ length: 600 }, (_, n) => ({ n })))
  await old.close()
  const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8')
  const code = /```js\n([^]*?)```/.exec(page)[1]
  // In the package, where the names that it imports are found.
  const script = fileURLToPath(new URL(`../../.tmp/moving-${process.pid}.mjs`, import.meta.url))
  mkdirSync(join(script, '..'), { recursive: true })
  writeFileSync(script, code)
  try {
    execFileSync(process.execPath, [script], { cwd: at, stdio: 'pipe' })
  } finally {
    rmSync(script)
  }
  const db = ours.Flume(ours.Log(join(at, 'flights')))
  assert.deepEqual(await db.stream().collect(), Array.from({ length: 600 }, (_, n) => ({ seq: n, value: { n } })))
  await db.close()
})
