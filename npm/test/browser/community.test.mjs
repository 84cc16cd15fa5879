// npm's flume modules in a page: the cases of cases.mjs on IndexedDB, and suites of the community's, bundled.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cases } from '../community/cases.mjs'
import { bundle } from '../community/chromium/bundle.mjs'
import { runSuite, suiteScript } from '../community/chromium/suite.mjs'
import { expectOutcome } from '../community/expect.mjs'
import { suites } from '../community/suites.mjs'
import { openSite } from './site.mjs'

const theirs = `
export { default as Flume } from 'flumedb'
export { default as Memory } from 'flumelog-memory'
export { default as Reduce } from 'flumeview-reduce'
export { default as Level } from 'flumeview-level'
export { default as Query } from 'flumeview-query'
export { default as Links } from 'flumeview-links'
export { default as Search } from 'flumeview-search'
export { default as pull } from 'pull-stream'`

const runner = `
import * as ours from '/flumedb-wasm/browser.mjs'
import { cases } from '/community/cases.mjs'
const { theirs } = window
let names = 0
window.runCase = title => cases[title].run({
  ours,
  theirs,
  logs: { ours: name => ours.Log(name), oursInMemory: () => ours.Log.memory(), memory: () => theirs.Memory() },
  name: () => title + names++,
  removed: name => ours.Log.delete(name)
}).then(() => null, err => String(err.stack ?? err))`

const runs = suites.flatMap(suite => (suite.chromium ?? []).map((run, i) => ({ suite, run, url: `/suites/${suite.file}.${i}.js` })))

let site
before(async () => {
  const scripts = await Promise.all(runs.map(async ({ suite, run, url }) => [url, await suiteScript(suite.file, run.ours)]))
  site = await openSite({
    get: {
      '/community/': fileURLToPath(new URL('../community/', import.meta.url)),
      '/theirs.js': await bundle(theirs),
      '/runner.mjs': { type: 'text/javascript', body: runner },
      ...Object.fromEntries(scripts)
    }
  })
})
after(() => site?.close())

// flumelog-offset and flumelog-level, and flumelog-memory with a file, want files.
for (const [title, { logs }] of Object.entries(cases)) {
  if (logs.some(log => !['ours', 'oursInMemory', 'memory'].includes(log))) continue
  test(`${title}, in a page`, { timeout: 60_000 }, async () => {
    const page = await site.newPage()
    try {
      await page.addScriptTag({ url: '/theirs.js' })
      assert.equal(await page.evaluate(runInPage, title), null)
    } finally {
      await page.close()
    }
  })
}

async function runInPage (title) {
  await import('/runner.mjs')
  return window.runCase(title)
}

for (const { suite, run, url } of runs)
  test(`${suite.file}, ours: ${run.ours}, in a page`, { timeout: 120_000 }, async () => expectOutcome(suite, run, await runSuite(site, url)))
