// Builds the package into npm/dist:
//
//   node npm/scripts/build.mjs
//
//   flumedb.wasm          the Go module for pages and workers
//   flumedb-views.wasm    the same with the views built in
//   flumedb-http.wasm     the one that answers a service worker's requests
//   flumedb-node.wasm     the one for Node
//   browser.mjs           the wrapper for pages and workers
//   flumedb-worker.mjs    what runs a module for a page that has it in a worker
//   node.mjs, node.cjs    the wrapper for Node
//   client.mjs            the client of a database over HTTP
//   service-worker.mjs    what hands requests to flumedb-http.wasm
//   *-import.*, *-sync.*  import and sync, which each of these wrappers has apart
//   cli.mjs               the command line
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
  for (const module of ['flumedb', 'flumedb-views', 'flumedb-http', 'flumedb-node']) {
    // Linked into a place of its own, where the go command finds that nothing changed and does not link again.
    const linked = join(tmp, `${module}.wasm`)
    compileWasm({ module, out: linked, build: id })
    copyFileSync(linked, join(fresh, `${module}.wasm`))
    chmodSync(join(fresh, `${module}.wasm`), 0o644) // the linker thinks it can be run
    sha256[`${module}.wasm`] = createHash('sha256').update(readFileSync(linked)).digest('hex')
  }

  writeFileSync(join(tmp, 'wasm_exec.mjs'), wasmExecModule())
  const browser = { host: 'web', extension: 'mjs', format: 'esm', platform: 'browser', minify: true }
  const node = { host: 'node', extension: 'mjs', format: 'esm', platform: 'node' }
  const required = {
    host: 'node',
    extension: 'cjs',
    format: 'cjs',
    platform: 'node',
    supported: { 'dynamic-import': false }, // what is required requires too
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" }
  }
  await Promise.all([
    bundle('browser', 'index', browser),
    bundle('flumedb-worker', 'worker/index', browser),
    bundle('browser-import', 'import/index', browser),
    bundle('browser-sync', 'sync/index', browser),
    bundle('service-worker', 'service-worker/index', browser),
    bundle('client', 'client/index', browser),
    bundle('node', 'index', node),
    bundle('node-import', 'import/index', node),
    bundle('node-sync', 'sync/index', node),
    bundle('cli', 'cli/index', node),
    // const Flume = require('flumedb-wasm') works, as it does with flumedb, and so does { Log } = require(…).
    bundle('node', 'index', { ...required, footer: { js: 'module.exports = Object.assign(module.exports.default, module.exports);' } }),
    bundle('node-import', 'import/index', required),
    bundle('node-sync', 'sync/index', required)
  ])
  checkAddresses()
  chmodSync(join(fresh, 'cli.mjs'), 0o755)

  writeDeclarations(fresh)
  writeFileSync(join(fresh, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicences())
  writeFileSync(join(fresh, 'build-info.json'), JSON.stringify({ version: version(), build: id, sha256 }, null, 2) + '\n')

  replace(fresh, dist)
  console.error(`built ${dist}, build ${id}`)
} finally {
  rmSync(fresh, { recursive: true, force: true })
}

// No source maps: Node's bundles are readable as they are, and a browser's user who wants to read ours can read those.
async function bundle (name, entry, { host, extension, define, ...settings }) {
  const main = host === 'web' ? 'browser' : 'node'
  const { metafile } = await build({
    ...settings,
    metafile: true,
    absWorkingDir: npm,
    entryPoints: [`src/${entry}.ts`],
    outfile: join(fresh, `${name}.${extension}`),
    bundle: true,
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'inline',
    logLevel: 'warning',
    alias: { '#wasm-exec': join(tmp, 'wasm_exec.mjs'), '#host': join(npm, `src/host-${host}.ts`), '#import-host': join(npm, `src/import/host-${host}.ts`) },
    plugins: [beside({ '#main': `./${main}.${extension}`, '#import': `./${main}-import.${extension}`, '#sync': `./${main}-sync.${extension}` })],
    define: { __BUILD__: JSON.stringify(id), __VERSION__: JSON.stringify(version()), ...define }
  })
  // Vite before 8 builds no worker that holds one, and service workers run none.
  const imports = Object.values(metafile.outputs).flatMap(output => output.imports)
  if (host === 'web' && imports.some(({ kind }) => kind === 'dynamic-import')) throw new Error(`${name}.${extension} must not use import()`)
}

// What is bundled apart, as the file beside this one that it is in.
function beside (files) {
  return {
    name: 'beside',
    setup: build => build.onResolve({ filter: /^#(main|import|sync)$/ }, ({ path }) => ({ path: files[path], external: true }))
  }
}

// Vite, webpack and their kin find the wasm and the worker by these expressions, so they must come out of the minifier as they
// know them. In the worker itself there must be none, or they would build it for ever.
function checkAddresses () {
  for (const [wrapper, name] of [['browser', 'flumedb'], ['browser', 'flumedb-views'], ['service-worker', 'flumedb-http']]) {
    const text = readFileSync(join(fresh, `${wrapper}.mjs`), 'utf8')
    if (!new RegExp(`new URL\\((['"])\\./${name}\\.wasm\\1, ?import\\.meta\\.url\\)`).test(text)) throw new Error(`${wrapper}.mjs no longer contains new URL('./${name}.wasm', import.meta.url)`)
  }
  if (!/new Worker\(new URL\((['"])\.\/flumedb-worker\.mjs\1, ?import\.meta\.url\), ?\{ ?type: ?(['"])module\2 ?\}\)/.test(readFileSync(join(fresh, 'browser.mjs'), 'utf8'))) throw new Error("browser.mjs no longer contains new Worker(new URL('./flumedb-worker.mjs', import.meta.url), { type: 'module' })")
  if (/new (Worker|URL)\(/.test(readFileSync(join(fresh, 'flumedb-worker.mjs'), 'utf8'))) throw new Error('flumedb-worker.mjs must name no file of its own')
}

function replace (from, to) {
  const old = `${from}-old`
  if (existsSync(to)) renameSync(to, old)
  renameSync(from, to)
  rmSync(old, { recursive: true, force: true })
}
