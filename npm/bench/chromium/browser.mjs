// A Chromium with a profile of its own on the real disk; playwright's ordinary contexts would keep IndexedDB in memory.

import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

export async function openBrowser(scratch) {
  const profile = await mkdtemp(join(scratch, 'profile-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    headless: true,
    // The run itself decides how it ends, and cleans up.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--js-flags=--expose-gc',
      '--enable-precise-memory-info',
    ],
  })
  return {
    newPage: () => context.newPage(),
    version: () => context.browser().version(),
    async close() {
      await context.close()
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(directory, name)
      if (isExecutable(path)) return path
    }
  }
  throw new Error(`no Chromium found: set CHROMIUM or put one of ${NAMES.join(', ')} on PATH`)
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
