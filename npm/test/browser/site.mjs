// Pages with the built package on them, as window.flumedb:
//
//   const site = await openSite()
//   const page = await site.newPage()
//   await page.evaluate(async () => { const { Flume, Log } = flumedb … })
//   await site.close()

import { fileURLToPath } from 'node:url'
import { openChromium } from '../chromium.mjs'
import { serve } from '../static-server.mjs'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
const html = `<!doctype html><title>test</title><link rel="icon" href="data:,">
<script type="module">
  import * as flumedb from '/flumedb-wasm/browser.mjs'
  // What a rejection's reason says, in a form that leaves the page.
  window.failure = promise => promise.then(value => ({ value }), error => ({ code: error.code, message: error.message, segment: error.segment, seq: error.seq }))
  window.flumedb = flumedb
</script>`

export async function openSite ({ get = {}, profile } = {}) {
  const server = await serve({ get: { '/': { type: 'text/html', body: html }, '/flumedb-wasm/': dist, ...get } })
  const chromium = await openChromium({ profile }).catch(async error => {
    await server.close()
    throw error
  })
  return {
    ...chromium,
    origin: server.origin,
    async newPage () {
      const page = await chromium.newPage(`${server.origin}/`)
      await page.waitForFunction(() => window.flumedb)
      return page
    },
    async close () {
      await chromium.close()
      await server.close()
    }
  }
}
