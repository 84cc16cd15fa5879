// Turns Go's wasm_exec.js, a script that defines globals, into a module that leaves the page's globals alone:
//
//   import { createGo } from '#wasm-exec'
//   const go = createGo(scope)
//
// Everything the script looks up on the global object it finds on scope, and scope is what Go's js.Global() answers.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'

const scope = '$scope'

// Globals that wasm_exec.js also uses by their bare names.
const names = ['fs', 'process', 'crypto', 'performance', 'TextEncoder', 'TextDecoder']

// What the result must contain, and how often. A toolchain whose script differs fails here, not in a user's page.
const expected = [
  [`if (!${scope}.fs) {`, 1],
  [`${scope}.fs = {`, 1],
  [`if (!${scope}.process) {`, 1],
  [`${scope}.process = {`, 1],
  [`if (!${scope}.path) {`, 1],
  [`${scope}.path = {`, 1],
  [`if (!${scope}.crypto) {`, 1],
  [`if (!${scope}.performance) {`, 1],
  [`if (!${scope}.TextEncoder) {`, 1],
  [`if (!${scope}.TextDecoder) {`, 1],
  [`new ${scope}.TextEncoder("utf-8")`, 1],
  [`new ${scope}.TextDecoder("utf-8")`, 1],
  [`${scope}.performance.now()`, 2],
  [`${scope}.fs.writeSync(fd, new Uint8Array(`, 1],
  [`${scope}.crypto.getRandomValues(`, 1],
  [`false,\n        ${scope},\n        this\n`, 1], // Go's js.Global(), in go._values
  [`[${scope}, 5]`, 1] // the same, in go._ids
]

export function readWasmExec () {
  const goroot = execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim()
  return readFileSync(join(goroot, 'lib/wasm/wasm_exec.js'), 'utf8')
}

export function wasmExecModule (source = readWasmExec()) {
  const body = replaceOnce(source, 'globalThis.Go = class {', 'return class Go {')
  const define = Object.fromEntries([['globalThis', scope], ...names.map(name => [name, `${scope}.${name}`])])
  // esbuild knows which names are really global, and which are parameters or properties called the same.
  const { code } = transformSync(body, { define, charset: 'utf8' })
  for (const [text, times] of expected) {
    const found = code.split(text).length - 1
    if (found !== times) throw new Error(`wasm_exec.js of this Go toolchain is not the one we know: ${JSON.stringify(text)} occurs ${found} times, not ${times}`)
  }
  const known = expected.reduce((sum, [text, times]) => sum + times * (text.split(scope).length - 1), 0)
  if (code.split(scope).length - 1 !== known) throw new Error('wasm_exec.js of this Go toolchain uses a global object in a way we do not know')
  const start = code.indexOf('(() => {')
  const script = code.slice(start).trimEnd()
  if (start < 0 || !script.endsWith('})();')) throw new Error('wasm_exec.js of this Go toolchain is not one immediately called function')
  return `/*! wasm_exec.js: Copyright 2018 The Go Authors, BSD-3-Clause, see THIRD-PARTY-LICENSES.txt */
export function createGo (${scope}) {
  const Go = ${script.slice(0, -1)}
  return new Go()
}
`
}

function replaceOnce (text, from, to) {
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`wasm_exec.js of this Go toolchain is not the one we know: ${JSON.stringify(from)} occurs ${parts.length - 1} times, not once`)
  return parts.join(to)
}
