// SIGKILL of Node in the middle of an import, at any moment, again and again.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Flume, { Log } from 'flumedb-wasm'
import { contents } from './imported.mjs'
import { random, seed, someValues } from './values.mjs'
import { asStored, fileOf, inFolder, kinds } from './writers.mjs'

const child = fileURLToPath(new URL('kill-child.mjs', import.meta.url))
const kills = 25

test(`${kills} kills: every record of the source is there once, in order, and so is what others have appended`, { timeout: 300_000 }, async t => {
  t.diagnostic(`FLUMEDB_SEED=${seed}`)
  const next = random(seed)
  const values = someValues(6000, next, 3500)
  const bytes = await fileOf(kinds[1], values)
  await inFolder(async folder => {
    const file = join(folder, 'log.offset')
    writeFileSync(file, bytes)
    let killed = 0
    let cutOff = 0
    for (let log = 0; killed < kills; log++) {
      const dir = join(folder, String(log))
      const others = []
      for (let run = 0, done = false; !done; run++) {
        const lines = await runAndKill([dir, file, run], killed < kills ? next() * 120 : Infinity)
        others.push(...lines.filter(({ other }) => other !== undefined))
        done = lines.some(({ records }) => records !== undefined)
        if (!done) killed++
        if (!done && lines.length) cutOff++
      }
      const db = Flume(Log.file(dir))
      const all = await contents(db)
      assert.deepEqual(all.filter(({ other }) => other === undefined), asStored(values))
      const key = ({ run, other }) => `${run} ${other}`
      const found = all.filter(({ other }) => other !== undefined).map(key)
      assert.equal(new Set(found).size, found.length, 'others are not doubled')
      for (const other of others) assert.ok(found.includes(key(other)), 'an acknowledged append of others is lost')
      assert.deepEqual((await db.verify()).damage, [])
      await db.close()
    }
    t.diagnostic(`${killed} kills, ${cutOff} of them when the log was open`)
    assert.ok(cutOff > kills / 3)
  })
})

async function runAndKill (args, ms) {
  const process = spawn(globalThis.process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = new Promise(resolve => process.once('close', resolve))
  const lines = []
  const opened = new Promise(resolve => createInterface({ input: process.stdout }).on('line', line => {
    // The kill may cut the last line.
    if (line.endsWith('}')) lines.push(JSON.parse(line))
    resolve()
  }))
  await Promise.race([opened, closed])
  if (ms < Infinity) {
    await Promise.race([sleep(ms), closed])
    process.kill('SIGKILL')
  }
  await closed
  return lines
}
