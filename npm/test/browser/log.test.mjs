// The cases of a log: in a page, in a dedicated worker, and in a page whose module runs in a worker.

import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { after, before, test } from 'node:test'
import { cases } from '../log/cases.mjs'
import { openSite } from './site.mjs'

const folder = fileURLToPath(new URL('../log/', import.meta.url))

// Runs in the page or in a worker: one case, and then deletes the databases it made. `options` are for each log.
const runner = `
  import Flume, { Log, Reduce } from '/flumedb-wasm/browser.mjs'
  import { run } from '/log/cases.mjs'
  import { withOptions } from '/log/options.mjs'
  globalThis.runCase = async (title, options) => {
    const names = []
    const name = () => {
      names.push(title + ' ' + names.length)
      return names.at(-1)
    }
    await run(title, { Flume, Log: withOptions(Log, options), Reduce, name })
    for (const made of names) await Log.delete(made)
  }`
const worker = `${runner}
  onmessage = ({ data }) => runCase(data).then(() => postMessage(null), err => postMessage(err + ' ' + err.stack))
  postMessage('ready')`

let site
before(async () => {
  site = await openSite({
    get: {
      '/log/': folder,
      '/runner.mjs': { type: 'text/javascript', body: runner },
      '/worker.mjs': { type: 'text/javascript', body: worker }
    }
  })
})
after(() => site?.close())

const contexts = { 'in a page': inPage, 'in a worker': inWorker, 'in a page, with the module in a worker': inPageWithWorker }
for (const [context, run] of Object.entries(contexts)) {
  for (const title of Object.keys(cases)) {
    test(`${title}, ${context}`, { timeout: 180_000 }, async () => {
      const page = await site.newPage()
      try {
        const failed = await page.evaluate(run, title)
        assert.equal(failed, null)
      } finally {
        await page.close()
      }
    })
  }
}

async function inPage (title) {
  await import('/runner.mjs')
  return runCase(title).then(() => null, err => `${err}\n${err.stack}`)
}

async function inPageWithWorker (title) {
  await import('/runner.mjs')
  return runCase(title, { worker: true }).then(() => null, err => `${err}\n${err.stack}`)
}

function inWorker (title) {
  return new Promise((resolve, reject) => {
    const worker = new Worker('/worker.mjs', { type: 'module' })
    worker.onerror = event => reject(new Error(event.message))
    worker.onmessage = ({ data }) => {
      if (data === 'ready') worker.postMessage(title)
      else resolve(data)
    }
  })
}
