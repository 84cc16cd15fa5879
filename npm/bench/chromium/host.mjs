// Chromium as a host of measurements: a browser with a fresh profile a session, a page on an origin of its own a peer.

import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { withDeadline } from '../deadline.mjs'
import { PACKAGE_DIR } from '../package-dir.mjs'
import { openBrowser } from './browser.mjs'
import { mainThread } from './main-thread-extra.mjs'
import { CHROMIUM_FLOORS, CHROMIUM_PEERS } from './peers.mjs'
import { startServer } from './server.mjs'
import { CHROMIUM_VIEW_PEERS } from './view-peers.mjs'

const JOB_DEADLINE = 240_000

export async function openChromium(scratch) {
  const server = await startServer()
  return {
    name: 'chromium',
    peers: CHROMIUM_PEERS,
    viewPeers: CHROMIUM_VIEW_PEERS,
    floors: CHROMIUM_FLOORS,
    hasMainThread: true,
    extras: [mainThread],
    server,
    openBrowser: () => openBrowser(scratch),
    openViewSession: ({ dataset, count }) => openViewSession({ server, scratch, dataset, count }),
    openGrowth: () => openGrowth({ server, scratch }),
    openSession: ({ dataset, count }) => openSession({ server, scratch, dataset, count }),
    close: () => server.close(),
  }
}

async function openSession({ server, scratch, dataset, count }) {
  const browser = await openBrowser(scratch)
  const pages = new Map()

  return {
    async load(peer) {
      if (peer.needs) await checkBuilt(peer.needs)
      const page = await browser.newPage()
      const query = new URLSearchParams({ peer: peer.name, dataset, count })
      if (peer.inWorker) query.set('worker', '')
      const url = server.url(peer.name, `/bench/chromium/page.html?${query}`)
      pages.set(peer, page)
      await openBench(page, url)
      const { about } = await this.run(peer, { operation: 'load' })
      return about
    },
    peerNamed: (name) => [...pages.keys()].find((peer) => peer.name === name),
    run: (peer, job) => runInPage(pages.get(peer), job),
    close: () => browser.close(),
  }
}

// A page a job, all in one profile, which keeps what was stored.
async function openViewSession({ server, scratch, dataset, count }) {
  const browser = await openBrowser(scratch)
  return {
    async run(peer, job) {
      if (peer.needs) await checkBuilt(peer.needs)
      const page = await browser.newPage()
      try {
        const query = new URLSearchParams({ peer: peer.name, of: 'views', dataset, count })
        if (peer.inWorker) query.set('worker', '')
        await openBench(page, server.url(peer.name, `/bench/chromium/page.html?${query}`))
        return await runInPage(page, job)
      } finally {
        await page.close()
      }
    },
    close: () => browser.close(),
  }
}

async function openGrowth({ server, scratch }) {
  await checkBuilt('dist/browser.mjs')
  const browser = await openBrowser(scratch)
  const page = await browser.newPage()
  await openBench(page, server.url('growth', '/bench/chromium/page.html?peer=flumedb-wasm&dataset=small&count=1'))
  return { run: (job) => runInPage(page, job), close: () => browser.close() }
}

async function checkBuilt(needed) {
  await access(join(PACKAGE_DIR, needed)).catch(() => Promise.reject(new Error(`npm/${needed} is missing: build first`)))
}

async function openBench(page, url) {
  const errors = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('crash', () => errors.push('the page crashed'))
  await page.goto(url)
  await page.waitForFunction(() => globalThis.bench, null, { timeout: 20_000 }).catch(() => {
    throw new Error(`the page did not start: ${errors.join('; ') || 'no error reported'}`)
  })
}

async function runInPage(page, job) {
  const done = page.bringToFront().then(() => page.evaluate((job) => globalThis.bench(job), job))
  try {
    return await withDeadline(done, JOB_DEADLINE, `${job.operation} ${job.place ?? ''}`)
  } catch (error) {
    if (page.isClosed() || /crashed|has been closed/.test(error.message)) error.isFatal = true
    throw error
  }
}
