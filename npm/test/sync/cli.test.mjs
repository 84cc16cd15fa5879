// Sync from the command line.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { run, start } from '../cli/cli.mjs'
import { startServer } from './server.mjs'

test('sync exchanges what two folders have, once and live', async t => {
  const { url } = await startServer(t, { token: 'secret' })
  const folder = mkdtempSync(join(tmpdir(), 'flumedb-sync-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  await run([a, 'append'], '1\n2\n')
  const { code, stdout } = await run([a, 'sync', url, '--token', 'secret'])
  assert.deepEqual([code, JSON.parse(stdout)], [0, { pulled: 0, pushed: 2, forked: 0 }])
  const denied = await run([b, 'sync', url])
  assert.equal(denied.code, 1)
  assert.match(denied.stderr, /UNAUTHORIZED/)

  const live = start([b, 'sync', url, '--live', '--token', 'secret'])
  await sleep(1000)
  await run([a, 'append'], '3\n')
  await run([a, 'sync', url, '--token', 'secret'])
  await sleep(1000)
  live.process.kill('SIGINT')
  const ended = await live.ended
  assert.deepEqual(JSON.parse(ended.stdout), { pulled: 3, pushed: 0, forked: 0 }, ended.stderr)
  assert.equal((await run([b, 'cat'])).stdout, '1\n2\n3\n')
})
