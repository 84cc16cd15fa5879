// The example's journal in a browser that cannot be driven as Chromium is: in a frame of a page that does what it is asked
// to, see agent.mjs. The page passes what is not its own on to the example's server.

import { request as ask } from 'node:http'
import { serve } from '../static-server.mjs'
import { agent, createAgents } from './agent.mjs'
import { serveExample } from './journal-site.mjs'

// What the tests use of the frame, on the page around it.
const page = `<!doctype html><title>test</title><link rel="icon" href="data:,">
<style>iframe { width: 1280px; height: 900px }</style>
<iframe src="/"></iframe>
<script type="module">
  const frame = document.querySelector('iframe')
  // What nobody catches in the frame is this page's complaint.
  frame.addEventListener('load', () => {
    for (const type of ['error', 'unhandledrejection'])
      frame.contentWindow.addEventListener(type, ({ error, reason, message }) => console.error('in the journal: ' + (error ?? reason ?? message)))
  })
  const find = selector => frame.contentDocument?.querySelector(selector)
  const until = async (holds, what) => {
    for (let tries = 0; !holds(); tries++) {
      if (tries === 400) throw new Error(what())
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
  const text = selector => find(selector)?.textContent
  window.journal = {
    find,
    text,
    window: () => frame.contentWindow,
    resize: width => { frame.style.width = width + 'px' },
    // Waits until an element says so: a text, or { like } for the source of a regular expression.
    says: (selector, expected) => until(
      () => expected.like ? new RegExp(expected.like).test(text(selector) ?? '') : text(selector) === expected,
      () => selector + ' says ' + JSON.stringify(text(selector)) + ', not ' + JSON.stringify(expected)
    ),
    // The week's earthquakes are in the log.
    ready: () => until(() => find('#journal[aria-busy=false]'), () => 'the journal is not ready: ' + text('#problem-detail')),
    offline: () => until(() => find('#ready-offline')?.hidden === false, () => 'it is not kept for offline use'),
    async reload () {
      const old = frame.contentDocument
      frame.contentWindow.location.reload()
      await until(() => frame.contentDocument !== old, () => 'it does not load again')
      await journal.ready()
    },
    fill (selector, value) {
      const field = find(selector)
      field.value = value
      field.dispatchEvent(new Event('input', { bubbles: true }))
      field.dispatchEvent(new Event('change', { bubbles: true }))
    },
    click: selector => find(selector).click(),
    press: name => [...frame.contentDocument.querySelectorAll('button')].find(button => button.textContent === name).click(),
    drop (name, bytes) {
      const { DataTransfer, DragEvent, File } = frame.contentWindow
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File([Uint8Array.from(bytes)], name))
      for (const type of ['dragover', 'drop']) frame.contentDocument.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }))
    }
  }
</script>
<script type="module">${agent}</script>`

export async function openJournalFrames (engine) {
  const example = await serveExample()
  const agents = createAgents(engine)
  const server = await serve({ get: { '/': pass, '/agents/': { type: 'text/html', body: page } }, post: { '/agent': agents.post } })

  function pass (request, response) {
    const passed = ask(new URL(request.url, example.url), { method: request.method, headers: request.headers }, found => {
      response.writeHead(found.statusCode, found.headers)
      found.pipe(response)
    })
    passed.on('error', () => response.destroy())
    passed.end()
  }

  const closeServers = async () => {
    await server.close()
    await example.close()
  }
  const browser = await agents.open(`${server.origin}/agents`).catch(async error => {
    await closeServers()
    throw error
  })
  return {
    stopServer: example.stopServer,
    startServer: example.startServer,
    async newPage () {
      const page = await browser.newPage(`${server.origin}/agents/`)
      await page.evaluate(() => journal.ready())
      return page
    },
    async close () {
      await browser.close()
      await closeServers()
    }
  }
}
