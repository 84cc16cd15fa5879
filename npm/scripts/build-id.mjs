// The build's name: 12 hex digits over everything that decides how wasm and wrapper talk to each other. Both carry it,
// so that a wasm and a wrapper of different builds can refuse each other.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readWasmExec } from './wasm-exec.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))

export function version () {
  return JSON.parse(readFileSync(join(root, 'npm/package.json'), 'utf8')).version
}

export function buildId () {
  const hash = createHash('sha256')
  const add = (name, content) => hash.update(`${name}\0${content.length}\0`).update(content)
  for (const path of sources()) add(relative(root, path), readFileSync(path))
  add('wasm_exec.js', Buffer.from(readWasmExec()))
  add('go', Buffer.from(execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', cwd: root })))
  add('version', Buffer.from(version()))
  return hash.digest('hex').slice(0, 12)
}

function sources () {
  const goFiles = ['core', 'jsbridge', 'wasm'].flatMap(folder => files(join(root, folder)))
    .filter(path => path.endsWith('.go') && !path.endsWith('_test.go'))
  const tsFiles = files(join(root, 'npm/src')).filter(path => /\.m?[jt]s$/.test(path))
  const makers = ['build', 'go-wasm', 'wasm-exec'].map(name => join(root, `npm/scripts/${name}.mjs`))
  return [...goFiles, ...tsFiles, ...makers, join(root, 'go.mod'), join(root, 'go.sum')].sort()
}

function files (folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.path, entry.name))
}
