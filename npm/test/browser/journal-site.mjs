// The example's journal, served by the example's own server from a copy that a test may change, and in Chromium.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openChromium } from '../chromium.mjs'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export async function openJournal () {
  const example = await serveExample()
  const { url } = example
  const chromium = await openChromium()
  return {
    ...example,
    cdp: chromium.cdp,
    async newPage (path = '') {
      const page = await chromium.newPage()
      await page.setViewportSize({ width: 1280, height: 900 })
      await page.goto(url + path)
      if (path === '') await ready(page)
      return page
    },
    async close () {
      await chromium.close()
      await example.close()
    }
  }
}

/** The example's own server, over a copy of its folder. */
export async function serveExample () {
  const copy = await mkdtemp(join(tmpdir(), 'flumedb-journal-'))
  const folder = join(copy, 'example-web')
  await cp(join(root, 'example-web'), folder, { recursive: true })
  await symlink(join(root, 'npm'), join(copy, 'npm'))
  let server = await startServer(folder, '0')
  const { url } = server
  return {
    url,
    folder,
    stopServer: () => server.stop(),
    async startServer () {
      server = await startServer(folder, new URL(url).port)
    },
    async close () {
      await server.stop()
      await rm(copy, { recursive: true })
    }
  }
}

/** Once the week's earthquakes are in the log and the page is kept for offline use. */
export async function ready (page) {
  await page.locator('#journal[aria-busy=false]').waitFor()
  await page.locator('#ready-offline').waitFor()
}

async function startServer (folder, port) {
  const server = spawn(process.execPath, [join(folder, 'serve.mjs'), '--port', port], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(server.stdout)) {
    const url = /http:\S+/.exec(line)?.[0]
    if (!url) continue
    return {
      url,
      async stop () {
        if (server.exitCode !== null || server.signalCode !== null) return
        server.kill()
        await once(server, 'exit')
      }
    }
  }
  throw new Error('the server of the example has ended at its start')
}
