// Finds the Chromium the tests drive. As a command it prints the path, or says what is missing and fails:
//
//   node npm/scripts/chromium-path.mjs

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']

export function chromiumPath (env = process.env) {
  if (env.CHROMIUM) {
    if (isExecutable(env.CHROMIUM)) return env.CHROMIUM
    throw new Error(`CHROMIUM is set to ${env.CHROMIUM}, which cannot be run`)
  }
  for (const name of names) {
    for (const folder of (env.PATH ?? '').split(delimiter)) {
      const path = join(folder, name)
      if (folder && isExecutable(path)) return path
    }
  }
  throw new Error(`no Chromium: none of ${names.join(', ')} is on PATH. Install one (Debian: apt-get install chromium) or set CHROMIUM to its path`)
}

function isExecutable (path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(chromiumPath())
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
