// The disk has no room, in Node: what views have stored goes first, then appends fail with QUOTA, and nothing is lost.

import assert from 'node:assert/strict'
import fs, { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

// A disk of so many bytes, on which all of the folder is.
const folder = mkdtempSync(join(tmpdir(), 'flumedb-room-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let disk = Infinity
const used = (dir = folder) => readdirSync(dir, { withFileTypes: true }).reduce((sum, entry) => sum + (entry.isDirectory() ? used(join(dir, entry.name)) : statSync(join(dir, entry.name)).size), 0)
const write = fs.writeSync
fs.writeSync = (fd, bytes, at, size, position) => {
  const grows = Math.max(0, position + size - fs.fstatSync(fd).size)
  if (used() + grows > disk) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  return write(fd, bytes, at, size, position)
}
syncBuiltinESMExports()
const { Flume, Level, Log, Search } = await import('flumedb-wasm')

test('a full disk', { timeout: 120_000 }, async () => {
  const open = () => Flume(Log(join(folder, 'log'))).use('words', Search(1, { fields: ['text'] })).use('byKey', Level(1, 'key'), { history: 4 })
  let db = open()
  const heard = []
  db.health(({ state, step, error }) => heard.push([state, step, error?.code].filter(Boolean).join(' ')))
  const text = n => Array.from({ length: 20 }, (_, i) => Math.imul(n + 1, (i + 1) * 2654435761).toString(36)).join(' ')
  let acked = 0
  const fill = async () => {
    for (;;) {
      try {
        assert.equal(await db.append(Array.from({ length: 100 }, (_, i) => ({ key: `${acked + i} ${text(i)}`, text: text(acked + i) }))), acked + 99)
      } catch (error) {
        return error
      }
      acked += 100
    }
  }
  const check = async () => {
    assert.equal((await db.stream({ values: false }).collect()).length, acked)
    assert.deepEqual((await db.verify()).damage, [])
    assert.equal((await db.byKey.read({ values: false, keys: false }).collect()).length, acked)
    assert.ok((await db.words.query(text(acked - 1).split(' ')[3]).collect()).some(({ key }) => key.startsWith(`${acked - 1} `)))
  }
  // Views store their states a while after the last record.
  for (; acked < 3000; acked += 100) await db.append(Array.from({ length: 100 }, (_, i) => ({ key: `${acked + i} ${text(i)}`, text: text(acked + i) })))
  for (let i = 0; [...db.views].some(view => !view.bytes); i++) {
    assert.ok(i < 1000, 'the views have stored nothing')
    await new Promise(resolve => setTimeout(resolve, 10))
  }

  disk = used() + 500_000
  const error = await fill()
  assert.equal(error.code, 'QUOTA')
  assert.ok(heard.some(told => /^ok (checkpoints|views)$/.test(told)), `${heard}`)
  assert.equal(heard.at(-1), 'full QUOTA')
  assert.equal(db.health.value.error.code, 'QUOTA')
  await check()

  disk += 1_000_000
  assert.equal(await db.append({ key: 'more', text: 'more' }), acked)
  assert.equal(heard.at(-1), 'ok')
  acked++
  await db.close()
  db = open()
  assert.equal((await db.stream({ seqs: false }).collect()).length, acked)
  await db.close()
})
