// Finds the browsers the tests drive. As a command it prints the path of one, or says what is missing and fails:
//
//   node npm/scripts/browser-path.mjs chromium|firefox|webkit

import { accessSync, constants } from 'node:fs'
import { arch } from 'node:process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// The environment variable that names a program, what it is called on PATH, where else it is, and Debian's packages.
const triplet = `${{ x64: 'x86_64', arm64: 'aarch64' }[arch] ?? arch}-linux-gnu`
const programs = {
  chromium: { variable: 'CHROMIUM', names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'], debian: 'chromium' },
  firefox: { variable: 'FIREFOX', names: ['firefox-esr', 'firefox'], debian: 'firefox-esr' },
  // A browser that is little more than the engine, and needs a display.
  webkit: { variable: 'WEBKIT', names: ['MiniBrowser'], places: [`/usr/lib/${triplet}/webkit2gtk-4.1`], debian: 'libwebkit2gtk-4.1-0' },
  'webkit-driver': { variable: 'WEBKIT_DRIVER', names: ['WebKitWebDriver'], debian: 'webkit2gtk-driver' },
  xvfb: { variable: 'XVFB', names: ['Xvfb'], debian: 'xvfb' }
}

export function browserPath (name, env = process.env) {
  const { variable, names, places = [], debian } = programs[name]
  if (env[variable]) {
    if (isExecutable(env[variable])) return env[variable]
    throw new Error(`${variable} is set to ${env[variable]}, which cannot be run`)
  }
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean).concat(places)
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name)
      if (isExecutable(path)) return path
    }
  }
  throw new Error(`there is no ${name}: none of ${names.join(', ')} is in ${folders.join(', ')}. Install it (Debian: apt-get install ${debian}) or set ${variable} to its path`)
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
    for (const name of process.argv.slice(2)) console.log(browserPath(name))
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
