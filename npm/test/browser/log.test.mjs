// The cases of a log: in a page, in a dedicated worker, and in a page whose module runs in a worker.

import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { cases } from '../log/cases.mjs'
import { openSite, sharedPage } from './site.mjs'

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
for (const [context, run] of Object.entries(contexts))
  describe(context, () => {
    const page = sharedPage(() => site.newPage())
    after(() => page.close())
    for (const title of Object.keys(cases)) test(`${title}, ${context}`, { timeout: 180_000 }, () => page.run(run, title))
  })

async function inPage (title) {
  await import('/runner.mjs')
  await runCase(title)
}

async function inPageWithWorker (title) {
  await import('/runner.mjs')
  await runCase(title, { worker: true })
}

function inWorker (title) {
  return new Promise((resolve, reject) => {
    const ready = globalThis.worker !== undefined
    globalThis.worker ??= new Worker('/worker.mjs', { type: 'module' })
    worker.onerror = event => reject(new Error(event.message))
    worker.onmessage = ({ data }) => {
      if (data === 'ready') worker.postMessage(title)
      else if (data === null) resolve()
      else reject(new Error(data))
    }
    if (ready) worker.postMessage(title)
  })
}
