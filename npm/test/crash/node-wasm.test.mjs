// The wasm in Node: it crashes under an open log, it is of another build, it cannot be had.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compileWasm } from '../../scripts/go-wasm.mjs'
import { trap } from './wasm-trap.mjs' // before the wrapper
import { crashUnder } from './wasm-crash.mjs'
import { checkCrash } from './wasm-crash-check.mjs'

const { Flume, Log } = await import('flumedb-wasm')
const scratch = mkdtempSync(join(tmpdir(), 'flumedb-wasm-'))
after(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 10 }))

test('a crash fails what is under way and what follows with WASM, hangs nothing, and the log opens again', async () => {
  checkCrash(await crashUnder({ open: () => Flume(Log.file(join(scratch, 'crashed'))), trap }))
})

test('a wasm of another build, one that is none and one that is not there are refused with WASM', async () => {
  const other = join(scratch, 'other.wasm')
  compileWasm({ module: 'flumedb-node', out: other, build: '0123456789ab' })
  const none = join(scratch, 'none.wasm')
  writeFileSync(none, 'not wasm')
  for (const wasm of [other, none, join(scratch, 'missing.wasm')]) {
    const db = Flume(Log.file(join(scratch, 'refused'), { wasm }))
    await assert.rejects(db.append({ n: 0 }), error => {
      assert.equal(error.code, 'WASM')
      if (wasm === other) assert.match(error.message, /0123456789ab/)
      return true
    })
    await assert.rejects(db.stream().collect(), { code: 'WASM' })
    await db.close()
  }
})
