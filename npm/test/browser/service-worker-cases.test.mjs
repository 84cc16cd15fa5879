// The cases of all homes, by the service worker of real Chromium.

import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { after, before, test } from 'node:test'
import { cases, views } from '../homes/cases.mjs'
import { openSite } from './site.mjs'

const titles = Object.keys(cases)

// A log for each case: their modules start when they are asked.
const worker = `
  import { serve } from '/flumedb-wasm/service-worker.mjs'
  for (let i = 0; i < ${titles.length}; i++) serve({ name: 'case ' + i, prefix: '/cases/' + i + '/', views: ${JSON.stringify(views)} })
  oninstall = () => skipWaiting()
  onactivate = event => event.waitUntil(clients.claim())
`

let site
let page
before(async () => {
  site = await openSite({ get: { '/worker.mjs': { type: 'text/javascript', body: worker }, '/homes/': fileURLToPath(new URL('../homes/', import.meta.url)) } })
  page = await site.newPage()
  await page.evaluate(async () => {
    const { serviceWorker } = navigator
    const controlled = new Promise(resolve => (serviceWorker.oncontrollerchange = resolve))
    await serviceWorker.register('/worker.mjs', { type: 'module' })
    if (!serviceWorker.controller) await controlled
  })
})
after(() => site?.close())

for (const [i, title] of titles.entries()) {
  test(title, { timeout: 120_000 }, async () => {
    const failed = await page.evaluate(async ([i, title]) => {
      const { run } = await import('/homes/cases.mjs')
      return run(title, { fetch: (...args) => fetch(...args), url: `/cases/${i}/` }).then(() => null, err => `${err}\n${err.stack}`)
    }, [i, title])
    assert.equal(failed, null)
  })
}
