// A suite of the community's as a script for a page: run-suite.mjs and stand-ins.cjs of Chromium.

import { createRequire } from 'node:module'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { outcome } from '../outcome.mjs'
import { bundle } from './bundle.mjs'

const require = createRequire(import.meta.url)
const local = file => fileURLToPath(new URL(`../${file}`, import.meta.url))

// Of the package on the page.
const offered = {
  flumedb: { flumedb: 'flumedb.Flume' },
  log: Object.fromEntries(['memory', 'offset', 'level'].map(kind => [`flumelog-${kind}`, '(name = `log ${Math.random()}`) => flumedb.Log(name)'])),
  reduce: { 'flumeview-reduce': 'flumedb.Reduce' },
  level: { 'flumeview-level': 'flumedb.Level' }
}
const isSuite = file => /node_modules[\\/](flume[^\\/]+[\\/]test|test-flume[^\\/]+)[\\/]/.test(file) || file.startsWith(local(''))

function standIns (ours) {
  const sources = new Map()
  for (const part of ours.split(' ')) for (const [name, source] of Object.entries(offered[part])) sources.set(require.resolve(name), source)
  return {
    name: 'stand-ins',
    setup ({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /.*/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === 'resolving' || !(path === 'tape' || isSuite(importer))) return
        const found = await resolve(path, { importer, resolveDir, kind, pluginData: 'resolving' })
        if (found.errors.length) return found
        if (path === 'tape') return { path: found.path, namespace: 'tape' }
        if (isSuite(importer) && sources.has(found.path)) return { path: found.path, namespace: 'ours' }
      })
      onLoad({ filter: /.*/, namespace: 'ours' }, ({ path }) => ({ contents: `module.exports = ${sources.get(path)}` }))
      onLoad({ filter: /.*/, namespace: 'tape' }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)}); report(module.exports)`,
        resolveDir: dirname(path)
      }))
    }
  }
}

/** The script, which reports to what `watch` puts on the page. */
export const suiteScript = (file, ours) => bundle(`require(${JSON.stringify(existsSync(local(file)) ? local(file) : file)})`, [standIns(ours)])

/** To be run on the page before the script. */
export function watch () {
  const rows = []
  const tapes = []
  let finished = 0
  const now = Date.now
  let last = 0
  Date.now = () => (last = Math.max(now(), last + 1)) // as in stand-ins.cjs
  window.rows = rows
  window.report = tape => {
    const number = tapes.push(tape)
    tape.createStream({ objectMode: true }).on('data', ({ type, id, name, parent, test, ok }) => rows.push({ type, tape: number, id, name, parent, test, ok }))
    tape.onFinish(() => { if (++finished === tapes.length) window.finished = true })
  }
  window.plan = () => tapes.flatMap(tape => tape.getHarness()._tests.map(({ name }) => ({ type: 'planned', name })))
}

/** Runs a suite on a page of `site` to which its script is served at `url`. */
export async function runSuite (site, url) {
  const page = await site.newPage()
  const crashes = []
  page.on('pageerror', error => crashes.push({ type: 'crash', message: String(error) }))
  try {
    await page.evaluate(watch)
    await page.addScriptTag({ url })
    await page.waitForFunction(() => window.finished, undefined, { timeout: 30_000 }).catch(() => {})
    return outcome([...await page.evaluate(() => window.rows), ...crashes, ...await page.evaluate(() => window.plan())])
  } finally {
    await page.close()
  }
}
