// Pages with the built package on them, as window.flumedb, in the browser that BROWSER names:
//
//   const site = await openSite()
//   const page = await site.newPage()
//   await page.evaluate(async () => { const { Flume, Log } = flumedb … })
//   await site.close()

import { fileURLToPath } from 'node:url'
import { engines } from '../../scripts/browser-process.mjs'
import { openChromium } from '../chromium.mjs'
import { serve } from '../static-server.mjs'
import { agent, createAgents } from './agent.mjs'

export const engine = process.env.BROWSER ?? 'chromium'
if (!engines.includes(engine)) throw new Error(`BROWSER is ${engine}, and must be one of ${engines.join(', ')}`)

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
const html = `<!doctype html><title>test</title><link rel="icon" href="data:,">
<script type="module">
  import * as flumedb from '/flumedb-wasm/browser.mjs'
  // What a rejection's reason says, in a form that leaves the page.
  window.failure = promise => promise.then(value => ({ value }), error => ({ code: error.code, message: error.message, segment: error.segment, seq: error.seq }))
  window.flumedb = flumedb
</script>`

export async function openSite ({ get = {}, post = {}, headers, profile, focused, args } = {}) {
  const agents = engine === 'chromium' ? undefined : createAgents(engine)
  const body = agents ? `${html}<script type="module">${agent}</script>` : html
  const server = await serve({ get: { '/': { type: 'text/html', body }, '/flumedb-wasm/': dist, ...get }, post: { '/agent': agents?.post, ...post }, headers })
  const opened = agents ? agents.open(server.origin) : openChromium({ profile, focused, args })
  const browser = await opened.catch(async error => {
    await server.close()
    throw error
  })
  return {
    ...browser,
    origin: server.origin,
    async newPage () {
      const page = await browser.newPage(`${server.origin}/`)
      if (!agents) await page.waitForFunction(() => window.flumedb)
      return page
    },
    async close () {
      await browser.close()
      await server.close()
    }
  }
}

/**
 * One page for many tests, since a page of its own for each would make a module anew for each: run(function, argument) evaluates
 * there. Behind a test that fails or does not end comes a new page.
 */
export function sharedPage (open) {
  let page
  return {
    async run (run, arg) {
      const taken = page ?? await open()
      page = undefined
      const answer = await taken.evaluate(run, arg)
      page = taken
      return answer
    },
    close: () => page?.close()
  }
}

/** Skips a test, aloud, where the browser cannot be made to do what it needs. */
export const unless = (cannot, why) => (cannot ? { skip: `${engine}: ${why}` } : {})
