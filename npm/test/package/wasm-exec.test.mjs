// Go's wasm_exec.js as the module we make of it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readWasmExec, wasmExecModule } from '../../scripts/wasm-exec.mjs'

test('it defines its globals, and looks all of them up, on the scope it is given', async () => {
  const before = Object.getOwnPropertyNames(globalThis).sort()
  const { createGo } = await import(`data:text/javascript,${encodeURIComponent(wasmExecModule())}`)
  const asked = new Set()
  const scope = new Proxy({ crypto, performance, TextEncoder, TextDecoder }, {
    get (target, name) {
      asked.add(name)
      return target[name]
    }
  })
  const go = createGo(scope)
  assert.ok(go.importObject.gojs)
  assert.deepEqual(Object.keys(scope).sort(), ['TextDecoder', 'TextEncoder', 'crypto', 'fs', 'path', 'performance', 'process'])
  for (const name of ['fs', 'process', 'path', 'crypto', 'performance', 'TextEncoder', 'TextDecoder']) assert.ok(asked.has(name), name)
  assert.deepEqual(Object.getOwnPropertyNames(globalThis).sort(), before)
})

// What another toolchain's script might look like.
for (const [change, from, to] of [
  ['does not define Go as a global', 'globalThis.Go = class', 'globalThis.Golang = class'],
  ['gives Go another global object', 'globalThis,\n\t\t\t\tthis,', 'globalThis.window,\n\t\t\t\tthis,'],
  ['uses the global object once more', '"use strict";', '"use strict"; globalThis.seen = 1;'],
  ['uses a global by its bare name once more', 'const timeOrigin =', 'fs.open(); const timeOrigin =']
]) {
  test(`a script that ${change} fails the build`, () => {
    const source = readWasmExec()
    assert.ok(source.includes(from))
    assert.throws(() => wasmExecModule(source.replace(from, to)), /wasm_exec\.js of this Go toolchain/)
  })
}
