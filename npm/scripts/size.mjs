// Prints what the built package weighs, and which Go packages its wasm is made of.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { buildId } from './build-id.mjs'
import { compileWasm } from './go-wasm.mjs'
import { wasmFunctions } from './wasm-functions.mjs'

const npm = fileURLToPath(new URL('../', import.meta.url))
const aims = { 'flumedb.wasm, brotli': 680_000, 'flumedb-views.wasm, brotli': 850_000, 'flumedb-http.wasm, brotli': 1_600_000, 'browser.mjs, gzip': 10_000, 'client.mjs, gzip': 10_000 }

const brotli = bytes => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length
const gzip = bytes => gzipSync(bytes, { level: 9 }).length
const number = n => n.toLocaleString('en').padStart(10)

console.log('bytes                       raw       gzip     brotli')
const measured = {}
for (const name of ['flumedb.wasm', 'flumedb-views.wasm', 'flumedb-http.wasm', 'flumedb-node.wasm', 'browser.mjs', 'browser-import.mjs', 'browser-sync.mjs', 'flumedb-worker.mjs', 'service-worker.mjs', 'client.mjs', 'node.mjs', 'node.cjs']) {
  const bytes = readFileSync(join(npm, 'dist', name))
  measured[`${name}, gzip`] = gzip(bytes)
  measured[`${name}, brotli`] = brotli(bytes)
  console.log(`${name.padEnd(20)} ${number(bytes.length)} ${number(measured[`${name}, gzip`])} ${number(measured[`${name}, brotli`])}`)
}

console.log()
for (const [name, aim] of Object.entries(aims)) {
  const size = measured[name]
  console.log(`${name}: ${number(size).trim()} of at most ${number(aim).trim()}: ${size <= aim ? 'MET' : 'NOT MET'}`)
}

for (const module of ['flumedb', 'flumedb-views', 'flumedb-http', 'flumedb-node']) printPackages(module)

// From a build with its symbols, which is otherwise the same.
function printPackages (module) {
  const out = join(npm, '.tmp', `${module}-symbols.wasm`)
  mkdirSync(join(npm, '.tmp'), { recursive: true })
  compileWasm({ module, out, build: buildId(), strip: false })
  const { functions, sections } = wasmFunctions(readFileSync(out))

  // Go writes names into the wasm with an underscore for all but letters, digits and dots.
  const packages = execFileSync('go', ['list', '-deps', `./wasm/${module}`], { cwd: join(npm, '..'), encoding: 'utf8', env: { ...process.env, GOOS: 'js', GOARCH: 'wasm' } }).trim().split('\n')
  const byPrefix = new Map(packages.map(name => [name.replace(/[^\w.]/g, '_'), name]))
  const sizes = new Map()
  for (const { name, size } of functions) {
    const known = packageOf(name, byPrefix)
    sizes.set(known, (sizes.get(known) ?? 0) + size)
  }

  console.log(`\n${module}.wasm: bytes of code by Go package, before compression`)
  const rows = [...sizes].sort(([, a], [, b]) => b - a)
  const large = rows.filter(([name, size]) => size >= 3000 || name.includes('flumedb-wasm'))
  for (const [name, size] of large) console.log(`${number(size)}  ${name}`)
  const rest = rows.filter(row => !large.includes(row))
  console.log(`${number(rest.reduce((sum, [, size]) => sum + size, 0))}  ${rest.length} smaller packages`)
  console.log(`${number(sections.get('code'))}  code in all`)
  console.log(`${number(sections.get('data'))}  data: constants, types, and the runtime's tables of functions`)
}

function packageOf (name, byPrefix) {
  if (name.startsWith('type:') || name.startsWith('type_')) return '(made by the compiler for types)'
  // A package's path may have dots, so the longest known beginning counts.
  for (let end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
    const found = byPrefix.get(name.slice(0, end))
    if (found) return found
  }
  return name.startsWith('go_') || name.startsWith('_rt0') || name.startsWith('wasm_') ? '(linked in by the toolchain)' : byPrefix.has('main') ? 'main' : '(other)'
}
