// SIGKILL of Node in mid-append: what was acknowledged is there.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Flume, { Log } from 'flumedb-wasm'
import { Acknowledged } from './acknowledged.mjs'
import { random, survey } from './workload.mjs'

const child = fileURLToPath(new URL('node-child.mjs', import.meta.url))
const kills = 60
const killsPerFolder = 12 // reading it all after each kill would otherwise get slow
const seed = Number(process.env.FLUMEDB_SEED ?? Date.now() % 1e9)

for (const durability of ['strict', 'relaxed']) {
  test(`${kills} kills of Node, ${durability}: every acknowledged append is there, in order, none twice`, { timeout: 600_000 }, async t => {
    t.diagnostic(`FLUMEDB_SEED=${seed}`)
    const next = random(seed)
    let folder
    let acknowledged
    let total = 0
    try {
      for (let run = 0; run < kills; run++) {
        if (run % killsPerFolder === 0) {
          if (folder) rmSync(folder, { recursive: true })
          folder = mkdtempSync(join(tmpdir(), 'flumedb-kill-'))
          acknowledged = new Acknowledged()
        }
        const before = acknowledged.records
        await appendAndKill(folder, durability, run, next, acknowledged)
        total += acknowledged.records - before
        const db = Flume(Log.file(folder, { durability }))
        try {
          acknowledged.check(await survey(db))
        } finally {
          await db.close()
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    t.diagnostic(`${total} records were acknowledged before the kills`)
    assert.ok(total > kills, 'the kills came in the middle of appends')
  })
}

async function appendAndKill (folder, durability, run, next, acknowledged) {
  const process = spawn(globalThis.process.execPath, [child, folder, durability, run, Math.floor(next() * 2 ** 31)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let complaints = ''
  process.stderr.on('data', data => { complaints += data })
  const closed = new Promise(resolve => process.once('close', (code, signal) => resolve({ code, signal })))
  try {
    const lines = createInterface({ input: process.stdout })
    const acks = new Promise(resolve => lines.on('line', line => {
      // The kill may cut the last line, which then was no acknowledgement.
      if (line.endsWith('}')) acknowledged.add(run, JSON.parse(line))
      resolve()
    }))
    // One kill in five comes while the log is still being opened, or just after; the others in mid-append.
    if (next() < 0.2) await sleep(next() * 200)
    else await Promise.race([acks.then(() => sleep(next() * 80)), closed])
  } finally {
    process.kill('SIGKILL')
  }
  const { code, signal } = await closed
  assert.equal(signal, 'SIGKILL', `the child ended by itself with ${code}: ${complaints}`)
}
