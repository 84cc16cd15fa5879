// A Go server of one log in a folder, which can be killed and started again at the same address.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))
let built

/** Where the server's program is. */
function program () {
  if (!built) {
    const folder = join(root, 'npm/.tmp')
    mkdirSync(folder, { recursive: true })
    built = join(folder, 'sync-server')
    const env = { ...process.env }
    for (const name of ['GOOS', 'GOARCH']) delete env[name]
    execFileSync('go', ['build', '-o', built, './npm/test/sync/server'], { cwd: root, env, stdio: 'inherit' })
  }
  return built
}

export async function startServer (t, { token = '', dir } = {}) {
  if (!dir) {
    dir = mkdtempSync(join(tmpdir(), 'flumedb-sync-'))
    t.after(() => rmSync(dir, { recursive: true, force: true }))
  }
  let child
  let address = '127.0.0.1:0'
  const start = async () => {
    child = spawn(program(), [dir, address, token], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [url] = await once(createInterface(child.stdout), 'line')
    for (const held of [child, child.stdin, child.stdout]) held.unref() // a test that fails does not wait for it
    address = new URL(url).host
    return url
  }
  const end = async () => {
    const ended = once(child, 'exit')
    child.ref()
    child.stdin.end()
    await ended
  }
  t.after(() => child.exitCode === null && child.signalCode === null ? end() : undefined)
  return {
    url: await start(),
    start,
    async kill () {
      const ended = once(child, 'exit')
      child.ref()
      child.kill('SIGKILL')
      await ended
    }
  }
}
