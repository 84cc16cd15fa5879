// The README's code for browsers, as it is printed, bundled from the tarball as a user's project has it, in real Chromium.

import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import esbuild from 'esbuild'
import * as vite from 'vite'
import webpack from 'webpack'
import { openChromium } from '../chromium.mjs'
import { makeConsumer } from '../package/consumer.mjs'
import { printedCode } from '../package/printed-code.mjs'
import { serve } from '../static-server.mjs'

const [browser] = printedCode('README.md', 'In a browser', 'js')
const [serviceWorker, client] = printedCode('README.md', 'In a service worker', 'js')

let chromium
let project
before(async () => {
  project = makeConsumer({
    'browser.js': `${browser}\nwindow.done = true`,
    'page.js': `${client}\nwindow.done = true`,
    'service-worker.js': serviceWorker
  })
  chromium = await openChromium()
})
after(async () => {
  await chromium?.close()
  project?.remove()
})

const path = (...names) => join(project.folder, ...names)
const entry = Object.fromEntries(['browser', 'page', 'service-worker'].map(name => [name, `./${name}.js`]))

const bundlers = {
  async esbuild (outdir) {
    await esbuild.build({ absWorkingDir: project.folder, entryPoints: Object.values(entry), outdir, bundle: true, format: 'esm', minify: true, logLevel: 'warning' })
    for (const module of ['flumedb.wasm', 'flumedb-views.wasm', 'flumedb-http.wasm']) copyFileSync(path('node_modules/flumedb-wasm/dist', module), join(outdir, module))
  },
  async Vite (outDir) {
    await vite.build({
      root: project.folder,
      logLevel: 'error',
      build: { outDir, target: 'esnext', rollupOptions: { input: Object.fromEntries(Object.entries(entry).map(([name, file]) => [name, path(file)])), output: { entryFileNames: '[name].js' } } }
    })
  },
  async webpack (folder) {
    const stats = await new Promise((resolve, reject) => webpack({
      context: project.folder,
      mode: 'production',
      entry,
      output: { path: folder, filename: '[name].js', module: true },
      experiments: { outputModule: true },
      performance: { hints: false }
    }, (error, stats) => (error ? reject(error) : resolve(stats))))
    assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }), { errors: [], warnings: [] })
  }
}

for (const [name, bundle] of Object.entries(bundlers)) {
  test(`${name}: a page, and a service worker with its client`, { timeout: 120_000 }, async () => {
    const folder = path(`built-${name}`)
    mkdirSync(folder)
    await bundle(folder)
    for (const page of ['browser', 'page']) writeFileSync(join(folder, `${page}.html`), `<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="${page}.js"></script>`)
    const server = await serve({ get: { '/': `${folder}/` } })
    const page = await chromium.newPage()
    try {
      const visit = async file => {
        const said = []
        const hear = message => said.push(message)
        page.on('console', hear)
        await page.goto(`${server.origin}/${file}.html`)
        await page.waitForFunction(() => window.done, undefined, { timeout: 30_000 })
          .catch(error => { throw new Error(`${error.message}\n${page.uncaught.join('\n')}`) })
        page.off('console', hear)
        return Promise.all(said.map(message => Promise.all(message.args().map(arg => arg.jsonValue()))))
      }
      await visit('browser')
      assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('li')].map(item => item.textContent)), ['Sun after the rain', 'Rain until noon'])
      assert.equal(await page.title(), '2 notes')
      assert.deepEqual(await visit('page'), [[0, { mood: 'calm' }], [{ calm: 1 }]])
      assert.deepEqual(await visit('page'), [[1, { mood: 'calm' }], [{ calm: 2 }]])
      assert.deepEqual(page.uncaught, [])
    } finally {
      await page.close()
      await server.close()
    }
  })
}
