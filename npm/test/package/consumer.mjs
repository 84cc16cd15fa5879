// A user's empty project with the packed tarball installed, and nothing else.

import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const npm = fileURLToPath(new URL('../../', import.meta.url))
const { version } = JSON.parse(readFileSync(join(npm, 'package.json'), 'utf8'))

export function tarball () {
  const path = join(npm, `flumedb-wasm-${version}.tgz`)
  if (!existsSync(path)) throw new Error(`${path} is missing: run make pack`)
  return path
}

// files maps names to contents. Answers { folder, run, remove }; run runs a file of the project in Node and answers
// what it printed.
export function makeConsumer (files = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'flumedb-consumer-'))
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }))
    // Offline: a dependency that has to be fetched would fail here.
    execFileSync('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', tarball()], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  } catch (error) {
    remove()
    throw error
  }
  const run = async (file, ...args) => (await promisify(execFile)(process.execPath, [file, ...args], { cwd: folder, timeout: 60_000 })).stdout
  return { folder, run, remove }
}
