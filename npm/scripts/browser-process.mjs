// Runs browsers whose every process dies with us, whatever way we end.

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { browserPath } from './browser-path.mjs'

const chromiumFlags = [
  '--no-sandbox', // root, as in most containers, cannot have the sandbox
  '--disable-dev-shm-usage', // containers give /dev/shm 64 MiB, too little for a renderer
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-sync',
  '--disable-breakpad', // the crash handler leaves our process group
  '--disable-features=OptimizationHints,Translate,MediaRouter',
  // A window nobody looks at must run at full speed.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--no-default-browser-check',
  '--no-first-run',
  '--password-store=basic',
  '--use-mock-keychain'
]

const firefoxPreferences = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,', // asks nobody for anything
  'toolkit.startup.max_resumed_crashes': -1, // we kill it, which is no reason to start in safe mode
  'dom.disable_open_during_load': false, // a test opens windows without a click
  // A window nobody looks at must run at full speed.
  'dom.min_background_timeout_value': 4,
  'dom.timeout.enable_budget_timer_throttling': false
}

const starts = {
  chromium: (profile, args) => [[browserPath('chromium'), '--headless=new', `--user-data-dir=${profile}`, ...chromiumFlags, ...args]],
  firefox (profile, args) {
    writeFileSync(join(profile, 'user.js'), Object.entries(firefoxPreferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''))
    return [[browserPath('firefox'), '--headless', '--no-remote', '--profile', profile, ...args], { HOME: profile }]
  },
  webkit: (profile, args) => onDisplay(profile, [browserPath('webkit'), '--javascript-can-open-windows-automatically=true', ...args])
}

// What starts WebKit by itself, when it is asked to over HTTP.
const drivers = {
  'webkit-driver': (profile, args) => onDisplay(profile, [browserPath('webkit-driver'), ...args])
}

const onDisplay = (profile, command) => [
  ['/bin/sh', '-c', underXvfb, 'xvfb', browserPath('xvfb'), ...command],
  { HOME: profile, XDG_CACHE_HOME: join(profile, 'cache'), XDG_CONFIG_HOME: join(profile, 'config'), XDG_DATA_HOME: join(profile, 'data') }
]

// Starts an X server on a display that is free, and the rest of the arguments on that.
const underXvfb = 'server=$1; shift; mkfifo "$HOME/display" && { "$server" -displayfd 4 -screen 0 1280x1024x24 -nolisten tcp 4>"$HOME/display" 2>/dev/null & } && read -r n <"$HOME/display" && rm "$HOME/display" && DISPLAY=:$n exec "$@"'

export const engines = Object.keys(starts)

// The shell leads a process group of its own and holds the read end of a pipe from us as fd 3. When we end, even by
// SIGKILL, the pipe closes and the shell kills the whole group, the browser's many processes included.
const guard = '"$@" 3<&- & browser=$!; (read -r _ <&3; kill -KILL 0) & wait "$browser"; kill -KILL 0'

// Starts a browser on the profile folder. Answers { pid, stderr, exited, kill }: exited is a promise, kill sends SIGKILL
// to all of it at once, which is also how a crash looks from the disk, and resolves when all of it is gone.
export function startBrowser (engine, { profile, args = [] }) {
  const [command, environment] = (starts[engine] ?? drivers[engine])(profile, args)
  const child = spawn('/bin/sh', ['-c', guard, engine, ...command], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment }
  })
  child.stdio[3].on('error', () => {}) // the pipe breaks when the group is killed, which is what it is for
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  exited.catch(() => {})
  const kill = async () => {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
    await exited
    // The shell is gone; on a busy machine one of the others may be at its last write, and whoever opened the profile
    // then would meet it.
    while (alive(child.pid).length) await sleep(5)
  }
  // Crashes one of the browser's processes, by the beginning of its name.
  const endOne = name => process.kill(alive(child.pid).find(one => one.name.startsWith(name)).pid, 'SIGKILL')
  return { pid: child.pid, stderr: child.stderr, exited, kill, endOne }
}

// The processes of the group that live. A dead one that nobody has waited for yet does not count: in a container it may
// stay like that for ever.
function alive (group) {
  if (process.platform !== 'linux') return [] // there is no /proc to ask
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(pid => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(pgrp) === group && state !== 'Z' && state !== 'X' ? [{ pid: Number(pid), name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')) }] : []
    } catch {
      return [] // it ended while we looked
    }
  })
}

export function makeProfile (name = 'profile') {
  const folder = mkdtempSync(join(tmpdir(), `flumedb-${name}-`))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }) }
}
