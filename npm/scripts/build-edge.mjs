// Builds the Worker into npm/edge/dist: index.mjs and flumedb-edge.wasm. It is no part of the package.

import { copyFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildId, version } from './build-id.mjs'
import { compileWasm } from './go-wasm.mjs'
import { wasmExecModule } from './wasm-exec.mjs'

const npm = fileURLToPath(new URL('../', import.meta.url))
const tmp = join(npm, '.tmp')
const dist = join(npm, 'edge/dist')
const id = buildId()

mkdirSync(tmp, { recursive: true })
mkdirSync(dist, { recursive: true })
compileWasm({ module: 'edge', out: join(tmp, 'flumedb-edge.wasm'), build: id })
copyFileSync(join(tmp, 'flumedb-edge.wasm'), join(dist, 'flumedb-edge.wasm'))
chmodSync(join(dist, 'flumedb-edge.wasm'), 0o644)
writeFileSync(join(tmp, 'wasm_exec.mjs'), wasmExecModule())
await build({
  absWorkingDir: npm,
  entryPoints: ['edge/index.ts'],
  outfile: join(dist, 'index.mjs'),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  external: ['cloudflare:workers', '*.wasm'],
  alias: { '#wasm-exec': join(tmp, 'wasm_exec.mjs') },
  define: { __BUILD__: JSON.stringify(id), __VERSION__: JSON.stringify(version()) },
  logLevel: 'warning'
})
console.error(`built ${dist}, build ${id}`)
