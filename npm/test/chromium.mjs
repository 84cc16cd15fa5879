// Opens real Chromium for a test, on a profile of its own, with playwright to drive its pages:
//
//   const chromium = await openChromium()
//   const page = await chromium.newPage(url)
//   await chromium.close()
//
// With a profile from makeProfile() given, kill() crashes the whole browser and the next openChromium() finds what it
// left on the disk. All pages are as if they were in front, unless focused is false.

import { chromium as playwright } from 'playwright-core'
import { makeProfile, startBrowser } from '../scripts/browser-process.mjs'

export { makeProfile }

export async function openChromium ({ profile, focused = true, args = [] } = {}) {
  const own = profile ? undefined : makeProfile()
  const process = startBrowser('chromium', { profile: (profile ?? own).folder, args: [...args, '--remote-debugging-port=0', 'about:blank'] })
  const kill = async () => {
    await process.kill()
    own?.remove()
  }
  try {
    const browser = await playwright.connectOverCDP(await devtoolsAddress(process), { noDefaults: !focused })
    const context = browser.contexts()[0]
    return {
      context,
      kill,
      // What went wrong on the page without anybody catching it is in page.uncaught.
      async newPage (url) {
        const page = await context.newPage()
        page.uncaught = []
        page.on('pageerror', error => page.uncaught.push(error))
        page.on('console', message => { if (message.type() === 'error') page.uncaught.push(new Error(message.text())) })
        if (url) await page.goto(url)
        return page
      },
      cdp: page => context.newCDPSession(page),
      // Over this protocol browser.close() would only disconnect.
      async close () {
        await browser.close().catch(() => {})
        await kill()
      }
    }
  } catch (error) {
    await kill()
    throw error
  }
}

function devtoolsAddress ({ stderr, exited }) {
  return new Promise((resolve, reject) => {
    let text = ''
    const limit = setTimeout(() => reject(new Error(`Chromium did not start in 60 s:\n${text}`)), 60_000)
    const settle = (act, value) => {
      clearTimeout(limit)
      act(value)
    }
    stderr.on('data', data => {
      text = (text + data).slice(-8000)
      const found = /DevTools listening on (ws:\S+)/.exec(text)
      if (found) settle(resolve, found[1])
    })
    exited.then(() => settle(reject, new Error(`Chromium ended at its start:\n${text}`)), error => settle(reject, error))
  })
}
