// A Go server for tests, in a process of its own:
//
//   const server = await startFlumed({ dir, views })
//   await server.fetch(server.url('log') + 'since')
//   await server.close()

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))
export const token = 'of these tests'

/** fetch with a token. */
export const withToken = token => (url, init = {}) => {
  const headers = new Headers(init.headers)
  headers.set('authorization', `Bearer ${token}`)
  return fetch(url, { ...init, headers })
}

export async function startFlumed ({ dir, views, args = [] }) {
  const binary = join(root, 'npm/.tmp/flumed')
  mkdirSync(dirname(binary), { recursive: true })
  execFileSync('go', ['build', '-o', binary, './core/flumed'], { cwd: root, stdio: ['ignore', 2, 2] })
  if (views) {
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'views.json'), JSON.stringify(views))
    args = ['-views', join(dir, 'views.json'), ...args]
  }
  const child = spawn(binary, ['-dir', dir, '-listen', '127.0.0.1:0', ...args], { env: { ...process.env, FLUMED_TOKEN: token }, stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stderr })
  const [line] = await Promise.race([once(lines, 'line'), exited.then(([code]) => [`it ended with ${code}`])])
  lines.on('line', line => console.error(line))
  const [, origin] = /^flumed: listening on (.*)$/.exec(line) ?? []
  if (!origin) throw new Error(`the server did not start: ${line}`)
  return {
    origin,
    url: name => `${origin}/logs/${name}/`,
    fetch: withToken(token),
    child,
    async close () {
      child.kill('SIGTERM')
      const [code] = await exited
      if (code !== 0) throw new Error(`the server ended with ${code}`)
    }
  }
}
