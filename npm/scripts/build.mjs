// Builds the package into npm/dist:
//
//   node npm/scripts/build.mjs
//
//   flumedb.wasm          the Go module for pages and workers
//   flumedb-views.wasm    the same with the views built in
//   flumedb-node.wasm     the one for Node
//   browser.mjs           the wrapper for pages and workers
//   node.mjs, node.cjs    the wrapper for Node
//   *.d.ts, *.d.cts       their types
//   build-info.json       which build this is
//
// Same inputs, same bytes. The old folder is replaced in one step when the new one is complete.

import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildId, version } from './build-id.mjs'
import { writeDeclarations } from './declarations.mjs'
import { compileWasm } from './go-wasm.mjs'
import { thirdPartyLicences } from './licences.mjs'
import { wasmExecModule } from './wasm-exec.mjs'

const npm = fileURLToPath(new URL('../', import.meta.url))
const tmp = join(npm, '.tmp')
const dist = join(npm, 'dist')
const fresh = join(tmp, `dist-${process.pid}`)
const id = buildId()

mkdirSync(fresh, { recursive: true })
try {
  const sha256 = {}
  for (const module of ['flumedb', 'flumedb-views', 'flumedb-node']) {
    // Linked into a place of its own, where the go command finds that nothing changed and does not link again.
    const linked = join(tmp, `${module}.wasm`)
    compileWasm({ module, out: linked, build: id })
    copyFileSync(linked, join(fresh, `${module}.wasm`))
    chmodSync(join(fresh, `${module}.wasm`), 0o644) // the linker thinks it can be run
    sha256[`${module}.wasm`] = createHash('sha256').update(readFileSync(linked)).digest('hex')
  }

  writeFileSync(join(tmp, 'wasm_exec.mjs'), wasmExecModule())
  await Promise.all([
    bundle('browser.mjs', { host: 'web', format: 'esm', platform: 'browser', minify: true }),
    bundle('node.mjs', { host: 'node', format: 'esm', platform: 'node' }),
    bundle('node.cjs', {
      host: 'node',
      format: 'cjs',
      platform: 'node',
      define: { 'import.meta.url': 'importMetaUrl' },
      banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
      // const Flume = require('flumedb-wasm') works, as it does with flumedb, and so does { Log } = require(…).
      footer: { js: 'module.exports = Object.assign(module.exports.default, module.exports);' }
    })
  ])
  checkWasmUrl()

  writeDeclarations(fresh)
  writeFileSync(join(fresh, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicences())
  writeFileSync(join(fresh, 'build-info.json'), JSON.stringify({ version: version(), build: id, sha256 }, null, 2) + '\n')

  replace(fresh, dist)
  console.error(`built ${dist}, build ${id}`)
} finally {
  rmSync(fresh, { recursive: true, force: true })
}

// No source maps: Node's bundles are readable as they are, and a browser's user who wants to read ours can read those.
function bundle (name, { host, define, ...settings }) {
  return build({
    ...settings,
    absWorkingDir: npm,
    entryPoints: ['src/index.ts'],
    outfile: join(fresh, name),
    bundle: true,
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'inline',
    logLevel: 'warning',
    alias: { '#wasm-exec': join(tmp, 'wasm_exec.mjs'), '#host': join(npm, `src/host-${host}.ts`) },
    define: { __BUILD__: JSON.stringify(id), __VERSION__: JSON.stringify(version()), ...define }
  })
}

// Vite, webpack and their kin find the wasm by this expression, so it must come out of the minifier as they know it.
function checkWasmUrl () {
  const text = readFileSync(join(fresh, 'browser.mjs'), 'utf8')
  for (const name of ['flumedb', 'flumedb-views'])
    if (!new RegExp(`new URL\\((['"])\\./${name}\\.wasm\\1, ?import\\.meta\\.url\\)`).test(text)) throw new Error(`browser.mjs no longer contains new URL('./${name}.wasm', import.meta.url)`)
}

function replace (from, to) {
  const old = `${from}-old`
  if (existsSync(to)) renameSync(to, old)
  renameSync(from, to)
  rmSync(old, { recursive: true, force: true })
}
