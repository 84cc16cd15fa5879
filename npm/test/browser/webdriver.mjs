// Real keys, pressed as a person presses them, in Firefox and WebKit, which the pages of agent.mjs cannot do for themselves.
// Both are driven by the commands of WebDriver: WebKit by its driver, over HTTP, Firefox over a socket of its own (Marionette),
// so that it needs no driver.

import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { browserPath } from '../../scripts/browser-path.mjs'
import { makeProfile, startBrowser } from '../../scripts/browser-process.mjs'

const codes = { Tab: '\uE004', End: '\uE010', Home: '\uE011' } // the others are what they print

/** A browser with one page: { open(url), evaluate(function, ...args), press(key), close() }. */
export async function openDriven (engine) {
  const { command, close } = await { firefox: startFirefox, webkit: startWebKit }[engine]()
  return {
    close,
    open: url => command('Navigate', 'url', { url }),
    evaluate: (run, ...args) => command('ExecuteScript', 'execute/sync', { script: `return (${run})(...arguments)`, args }),
    press (key) {
      const value = codes[key] ?? key
      const actions = ['keyDown', 'keyUp'].map(type => ({ type, value }))
      return command('PerformActions', 'actions', { actions: [{ type: 'key', id: 'keyboard', actions }] })
    }
  }
}

async function startFirefox () {
  const profile = makeProfile('webdriver')
  await writeFile(join(profile.folder, 'prefs.js'), 'user_pref("marionette.port", 0);\n')
  const process = startBrowser('firefox', { profile: profile.folder, args: ['--marionette', 'about:blank'] })
  const close = async () => {
    await process.kill()
    profile.remove()
  }
  try {
    const port = Number(await until(() => readFile(join(profile.folder, 'MarionetteActivePort'), 'utf8'), 'Firefox has no Marionette'))
    const socket = connect(port, '127.0.0.1')
    const waiting = new Map()
    let last = 0
    socket.on('error', error => { for (const { reject } of waiting.values()) reject(error) })
    // Each message is its length, a colon, and JSON: a greeting, then [1, id, error, answer].
    let received = Buffer.alloc(0)
    socket.on('data', data => {
      received = Buffer.concat([received, data])
      for (;;) {
        const colon = received.indexOf(':')
        const end = colon + 1 + Number(received.subarray(0, colon))
        if (colon < 0 || received.length < end) return
        const message = JSON.parse(received.subarray(colon + 1, end))
        received = received.subarray(end)
        if (!Array.isArray(message)) continue
        const [, id, error, answer] = message
        const { resolve, reject } = waiting.get(id)
        waiting.delete(id)
        if (error) reject(new Error(`${error.error}: ${error.message}`))
        else resolve(answer?.value)
      }
    })
    await once(socket, 'connect')
    const command = (name, _path, parameters) => new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject })
      const text = JSON.stringify([0, last, `WebDriver:${name}`, parameters])
      socket.write(`${Buffer.byteLength(text)}:${text}`)
    })
    await command('NewSession', '', {})
    return { command, close: () => { socket.destroy(); return close() } }
  } catch (error) {
    await close()
    throw error
  }
}

async function startWebKit () {
  const profile = makeProfile('webdriver')
  const port = await freePort()
  const process = startBrowser('webkit-driver', { profile: profile.folder, args: [`--port=${port}`, '--host=127.0.0.1'] })
  const close = async () => {
    await process.kill()
    profile.remove()
  }
  const ask = async (path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}/session${path}`, { method: 'POST', body: JSON.stringify(body) })
    const { value } = await response.json()
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`)
    return value
  }
  try {
    const alwaysMatch = { 'webkitgtk:browserOptions': { binary: browserPath('webkit'), args: ['--automation'] } }
    await until(() => fetch(`http://127.0.0.1:${port}/status`), 'the driver of WebKit does not answer')
    const { sessionId } = await ask('', { capabilities: { alwaysMatch } })
    return { command: (_name, path, parameters) => ask(`/${sessionId}/${path}`, parameters), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function until (attempt, otherwise) {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (cause) {
      if (tries === 600) throw new Error(otherwise, { cause })
      await sleep(100)
    }
  }
}
