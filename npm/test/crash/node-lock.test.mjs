// One process at a time has a folder's log open, and one that was killed does not count.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import Flume, { Log } from 'flumedb-wasm'

const child = fileURLToPath(new URL('node-child.mjs', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'flumedb-lock-'))
after(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 10 }))

// A process that has the log open and appends to it.
async function startOwner (folder) {
  const owner = spawn(process.execPath, [child, folder, 'relaxed', '0', '1'], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve, reject) => {
    owner.stdout.once('data', resolve)
    owner.once('exit', code => reject(new Error(`the owner ended with ${code}`)))
  })
  owner.stdout.resume()
  return {
    kill: () => new Promise(resolve => {
      owner.once('exit', resolve)
      owner.kill('SIGKILL')
    })
  }
}

test('while another process has the log open, opening it fails with LOCKED; once that process is killed, it opens at once', async () => {
  const folder = join(scratch, 'killed')
  const owner = await startOwner(folder)
  try {
    const second = Flume(Log.file(folder))
    await assert.rejects(second.append({ second: true }), { code: 'LOCKED' })
    await assert.rejects(second.stream().collect(), { code: 'LOCKED' })
    await second.close()
  } finally {
    await owner.kill()
  }
  const third = Flume(Log.file(folder))
  await third.append({ third: true })
  await third.close()
})

test('in one process too the second opener gets LOCKED, and the log opens after the first has closed it', async () => {
  const folder = join(scratch, 'closed')
  const first = Flume(Log.file(folder))
  await first.append({ by: 'first' })
  const second = Flume(Log.file(folder))
  await assert.rejects(second.append({ by: 'second' }), { code: 'LOCKED' })
  await second.close()
  await first.append({ by: 'first' })
  await first.close()
  const third = Flume(Log.file(folder))
  assert.equal((await third.stream().collect()).length, 2)
  await third.close()
})

test('deleting a log that a process has open fails with LOCKED, and the owner goes on', async () => {
  const folder = join(scratch, 'deleted')
  const db = Flume(Log.file(folder))
  await db.append({ n: 0 })
  await assert.rejects(Log.delete(folder), { code: 'LOCKED' })
  assert.equal(await db.append({ n: 1 }), 1)
  await db.close()
  await Log.delete(folder)
  assert.ok(!readdirSync(scratch).includes('deleted'))
})
