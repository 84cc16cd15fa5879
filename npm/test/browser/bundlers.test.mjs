// The tarball in a user's web project: each bundler finds the wasm and the wrapper's worker, and the page and a worker of its own
// keep one log.

import assert from 'node:assert/strict'
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import esbuild from 'esbuild'
import * as vite from 'vite'
import webpack from 'webpack'
import { openChromium } from '../chromium.mjs'
import { makeConsumer } from '../package/consumer.mjs'
import { serve } from '../static-server.mjs'

let chromium
let project
before(async () => {
  project = makeConsumer()
  cpSync(fileURLToPath(new URL('app/', import.meta.url)), project.folder, { recursive: true })
  chromium = await openChromium()
})
after(async () => {
  await chromium?.close()
  project?.remove()
})

const path = (...names) => join(project.folder, ...names)

// Loads the page twice: it appends, its worker appends, it reads; and finds all that again.
async function visitTwice (url) {
  const page = await chromium.newPage()
  try {
    for (const [values, imported] of [[['page', 'worker'], [2, 0]], [['page', 'worker', 'page', 'worker'], [0, 2]]]) {
      await page.goto(url)
      const result = await page.waitForFunction(() => window.result, undefined, { timeout: 30_000 })
        .catch(error => { throw new Error(`${error.message}\n${page.uncaught.join('\n')}`) })
      assert.deepEqual(await result.jsonValue(), { values, seqs: [values.length - 2, values.length - 1], imported, quiet: values.length / 2 })
    }
    assert.deepEqual(page.uncaught, [])
  } finally {
    await page.close()
  }
}

async function visitTwiceAt (folder) {
  const server = await serve({ get: { '/': folder } })
  try {
    await visitTwice(`${server.origin}/`)
  } finally {
    await server.close()
  }
}

test('plain <script type=module> with the files of the package on the server', async () => {
  const folder = path('plain')
  mkdirSync(folder)
  for (const name of ['index.html', 'main.mjs', 'worker.mjs']) {
    // Import maps do not reach workers, so the addresses stand where a bundler would put them.
    const text = readFileSync(path(name), 'utf8').replace("'flumedb-wasm'", "'./flumedb/browser.mjs'").replace("'flumedb-wasm/import'", "'./flumedb/browser-import.mjs'")
    writeFileSync(join(folder, name), text)
  }
  cpSync(path('node_modules/flumedb-wasm/dist'), join(folder, 'flumedb'), { recursive: true })
  await visitTwiceAt(folder)
})

test('esbuild, with the wasm and the worker copied beside the bundle', async () => {
  const folder = path('esbuild')
  await esbuild.build({ absWorkingDir: project.folder, entryPoints: ['main.mjs', 'worker.mjs'], outdir: folder, outExtension: { '.js': '.mjs' }, bundle: true, format: 'esm', minify: true, splitting: true, chunkNames: '[name]-[hash]', logLevel: 'warning' })
  copyFileSync(path('index.html'), join(folder, 'index.html'))
  for (const name of ['flumedb.wasm', 'flumedb-views.wasm', 'flumedb-worker.mjs']) copyFileSync(path('node_modules/flumedb-wasm/dist', name), join(folder, name))
  await visitTwiceAt(folder)
})

test('esbuild, with the wasm as an asset whose address is given to the log', async () => {
  const folder = path('esbuild-asset')
  const given = path('given')
  mkdirSync(given)
  for (const name of ['main.mjs', 'worker.mjs']) {
    const text = readFileSync(path(name), 'utf8').replace(/Log\(('\w+')\)/g, 'Log($1, { wasm })').replace('{ worker: true }', "{ wasm: views, worker: '/flumedb-worker.mjs' }")
    writeFileSync(join(given, name), `import wasm from 'flumedb-wasm/flumedb.wasm'\nimport views from 'flumedb-wasm/flumedb-views.wasm'\n${text}`)
  }
  await esbuild.build({ absWorkingDir: project.folder, entryPoints: ['given/main.mjs', 'given/worker.mjs'], outdir: folder, outExtension: { '.js': '.mjs' }, bundle: true, format: 'esm', loader: { '.wasm': 'file' }, publicPath: '/', logLevel: 'warning' })
  copyFileSync(path('index.html'), join(folder, 'index.html'))
  copyFileSync(path('node_modules/flumedb-wasm/dist/flumedb-worker.mjs'), join(folder, 'flumedb-worker.mjs'))
  await visitTwiceAt(folder)
})

test('webpack 5 without configuration for it', async () => {
  const folder = path('webpack')
  const stats = await new Promise((resolve, reject) => {
    webpack({ context: project.folder, mode: 'production', entry: './main.mjs', output: { path: folder, filename: 'main.mjs' } }, (error, stats) => error ? reject(error) : resolve(stats))
  })
  assert.equal(stats.hasErrors(), false, stats.toString('errors-only'))
  copyFileSync(path('index.html'), join(folder, 'index.html'))
  await visitTwiceAt(folder)
})

test('Vite, built and previewed', async () => {
  const settings = { root: project.folder, configFile: false, logLevel: 'warn', clearScreen: false, build: { outDir: 'vite' } }
  await vite.build(settings)
  const server = await vite.preview({ ...settings, preview: { port: 0, host: '127.0.0.1' } })
  try {
    await visitTwice(`http://localhost:${server.httpServer.address().port}/`)
  } finally {
    await server.close()
  }
})

test("Vite's development server", async () => {
  const server = await vite.createServer({ root: project.folder, configFile: false, logLevel: 'warn', clearScreen: false, server: { port: 0, host: '127.0.0.1' } })
  try {
    await server.listen()
    await visitTwice(`http://localhost:${server.httpServer.address().port}/`)
  } finally {
    await server.close()
  }
})
