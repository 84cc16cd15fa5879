// What a page hears when the wasm is not the one its wrapper was built with, or cannot be had.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { compileWasm } from '../../scripts/go-wasm.mjs'
import { openSite } from './site.mjs'

const scratch = mkdtempSync(join(tmpdir(), 'flumedb-build-'))
let site
before(async () => {
  const out = join(scratch, 'other.wasm')
  compileWasm({ module: 'flumedb', out, build: '0123456789ab' })
  site = await openSite({ get: { '/other.wasm': { type: 'application/wasm', body: readFileSync(out) } } })
})
after(async () => {
  await site?.close()
  rmSync(scratch, { recursive: true, force: true })
})

for (const [what, address, message] of [
  ['of another build', '/other.wasm', /0123456789ab/],
  ['that is not on the server', '/no.wasm', /./],
  ['that is no wasm', '/flumedb-wasm/browser.mjs', /./]
]) {
  test(`a wasm ${what} is refused with WASM, by every kind of call, and the next log with the right one works`, { timeout: 60_000 }, async () => {
    const page = await site.newPage()
    const { calls, after } = await page.evaluate(async wasm => {
      const { Flume, Log } = flumedb
      const db = Flume(Log('build', { wasm }))
      const calls = [await failure(db.append({ n: 1 })), await failure(db.get(0)), await failure(db.stream().collect())]
      await failure(db.close())
      const right = Flume(Log('build'))
      const after = await failure(right.append({ n: 1 }))
      await right.close()
      await Log.delete('build')
      return { calls, after }
    }, address)
    for (const call of calls) {
      assert.equal(call.code, 'WASM')
      assert.match(call.message, message)
    }
    assert.deepEqual(after, { value: 0 })
    await page.close()
  })
}
