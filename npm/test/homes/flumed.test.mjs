// The cases of all homes, by the Go server. What is its own is tested in core/flumed.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { cases, run, views } from './cases.mjs'
import { startFlumed } from './flumed.mjs'
import { syncThrough } from './syncing.mjs'

const dir = mkdtempSync(join(tmpdir(), 'flumed-'))
let server
before(async () => { server = await startFlumed({ dir, views }) })
after(async () => {
  await server?.close()
  rmSync(dir, { recursive: true, force: true })
})

for (const [i, title] of Object.keys(cases).entries()) {
  test(title, { timeout: 120_000 }, () => run(title, { fetch: server.fetch, url: server.url(`case-${i}`) }))
}

test('logs come to hold the same through a server that is started again between', { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'flumed-sync-'))
  let server = await startFlumed({ dir })
  const { port } = new URL(server.origin)
  try {
    await syncThrough(server.url('synced'), async () => {
      await server.close()
      server = await startFlumed({ dir, args: ['-listen', `127.0.0.1:${port}`] })
    })
  } finally {
    await server.close()
    rmSync(dir, { recursive: true, force: true })
  }
})
