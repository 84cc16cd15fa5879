// Runs a js/wasm Go test binary inside a Durable Object of a real workerd, for go test -exec:
//
//   GOOS=js GOARCH=wasm go test -exec "node $PWD/npm/scripts/workerd-exec.mjs" ./jsbridge/durablestore/
//
// The binary finds the object's storage as the global durableStorage (npm/edge/storage.mjs). Its output comes back as the
// answer to one request, whose last line is the exit code.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { wasmExecModule } from './wasm-exec.mjs'

const [binary, ...args] = process.argv.slice(2)
if (!binary) {
  console.error('usage: workerd-exec.mjs BINARY [ARGUMENT...]')
  process.exit(2)
}
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(FLUMEDB_|RAPID_|TZ$)/.test(name)))

// Runs in workerd.
const script = `
  import { DurableObject } from 'cloudflare:workers'
  import { createGo } from './wasm_exec.mjs'
  import { durableStorage } from './storage.mjs'
  import binary from './test.wasm'

  export class Tests extends DurableObject {
    async fetch (request) {
      const { args, environment } = await request.json()
      const { readable, writable } = new TransformStream()
      const writer = writable.getWriter()
      // There are no files.
      const missing = (...args) => args.at(-1)(Object.assign(new Error('no such file'), { code: 'ENOENT' }))
      const fs = {
        constants: { O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 65536 },
        writeSync (fd, bytes) {
          writer.write(bytes.slice())
          return bytes.length
        },
        write (fd, bytes, offset, length, position, callback) { callback(null, fs.writeSync(fd, bytes.subarray(offset, offset + length))) },
        open: missing, stat: missing, lstat: missing
      }
      const own = { fs, durableStorage: durableStorage(this.ctx.storage) }
      const go = createGo(new Proxy(globalThis, {
        get: (target, key) => (key in own ? own[key] : Reflect.get(target, key)),
        set: (_, key, value) => { own[key] = value; return true }
      }))
      let exit = 1
      Object.assign(go, { argv: ['test', ...args], env: environment, exit: code => { exit = code } })
      this.ctx.waitUntil(go.run(new WebAssembly.Instance(binary, go.importObject))
        .catch(error => writer.write(new TextEncoder().encode(String(error.stack) + '\\n')))
        .then(() => writer.write(new TextEncoder().encode('\\nexit ' + exit)))
        .then(() => writer.close()))
      return new Response(readable)
    }
  }
  export default { fetch: (request, env) => env.TESTS.get(env.TESTS.idFromName('tests')).fetch(request) }
`

const persisted = mkdtempSync(join(tmpdir(), 'workerd-exec-'))
const miniflare = new Miniflare({
  modules: [
    { type: 'ESModule', path: 'main.mjs', contents: script },
    { type: 'ESModule', path: 'wasm_exec.mjs', contents: wasmExecModule() },
    { type: 'ESModule', path: 'storage.mjs', contents: readFileSync(new URL('../edge/storage.mjs', import.meta.url), 'utf8') },
    { type: 'CompiledWasm', path: 'test.wasm', contents: readFileSync(binary) }
  ],
  compatibilityDate: '2026-04-01',
  durableObjects: { TESTS: { className: 'Tests', useSQLite: true } },
  defaultPersistRoot: persisted,
  cf: false
})

let code = 1
try {
  const response = await miniflare.dispatchFetch('http://localhost/', { method: 'POST', body: JSON.stringify({ args, environment }) })
  let line = ''
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (line + piece).split('\n')
    line = lines.pop()
    for (const text of lines) process.stdout.write(text + '\n')
  }
  const [, exit] = /^exit (\d+)$/.exec(line) ?? []
  if (exit === undefined) console.error(`workerd-exec: the binary did not exit; the last it said is ${line}`)
  code = Number(exit ?? 1)
} catch (error) {
  console.error(`workerd-exec: ${error.stack}`)
} finally {
  await miniflare.dispose()
  rmSync(persisted, { recursive: true, force: true })
}
process.exit(code)
