// The README's code for a server and for the edge, as it is printed, but for the port and the folder.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { printedCode } from '../package/printed-code.mjs'
import { openEdge, unlessWorkerd } from './edge.mjs'

const [command] = printedCode('README.md', 'On a server, and at the edge', 'sh')
const [code] = printedCode('README.md', 'On a server, and at the edge', 'js')
const root = fileURLToPath(new URL('../../../', import.meta.url))
const printed = ['http://127.0.0.1:7380', ' 127.0.0.1:7380', ' logs ']

/** Runs the client's code, and answers what it prints. */
async function runClient (origin) {
  // Within the package, whose name it imports.
  const folder = join(root, 'npm/.tmp')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `readme-${process.pid}.mjs`)
  assert.ok(code.includes(printed[0]))
  writeFileSync(file, code.replace(printed[0], origin))
  try {
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', data => { text += data })
    await once(child, 'close')
    return text
  } finally {
    rmSync(file)
  }
}

/** Ends go run and what it runs. */
async function end (group) {
  try {
    process.kill(-group, 'SIGTERM')
    for (;;) {
      await new Promise(resolve => setTimeout(resolve, 20))
      process.kill(-group, 0)
    }
  } catch (error) {
    if (error.code !== 'ESRCH') throw error // all have ended
  }
}

test('the server is started as printed, and the client prints what it says', { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'flumed-readme-'))
  assert.ok(printed.slice(1).every(text => command.includes(text)), command)
  const child = spawn('bash', ['-c', command.replace(printed[1], ' 127.0.0.1:0').replace(printed[2], ` ${dir} `)], { cwd: root, detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    for await (const line of createInterface({ input: child.stderr })) {
      const [, origin] = /listening on (.*)$/.exec(line) ?? []
      if (!origin) continue
      assert.equal(await runClient(origin), '1 two logs\n0 a log\n')
      break
    }
  } finally {
    await end(child.pid)
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 })
  }
})

test('the client prints the same from the edge', { timeout: 120_000, ...unlessWorkerd }, async () => {
  const edge = await openEdge({ token: 'secret' })
  try {
    assert.equal(await runClient(edge.origin), '1 two logs\n0 a log\n')
  } finally {
    await edge.close()
  }
})

test('make edge serves logs where it says, and ends when it is told to', { timeout: 240_000, ...unlessWorkerd }, async () => {
  const made = spawn('make', ['edge'], { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PORT: '0', FLUMED_TOKEN: 'secret' } })
  const ended = once(made, 'exit')
  try {
    let url
    for await (const line of createInterface({ input: made.stdout })) {
      url = /^The logs are under (\S+),/.exec(line)?.[1]
      if (url) break
    }
    const records = `${url}made-${Date.now()}/records`
    const headers = { Authorization: 'Bearer secret', 'Content-Type': 'application/json' }
    assert.equal((await fetch(records, { headers: {} })).status, 401)
    assert.equal((await fetch(records, { method: 'POST', headers, body: '{"n":1}' })).status, 201)
    assert.equal(await (await fetch(records, { headers })).text(), '{"seq":0,"value":{"n":1}}\n')
  } finally {
    await end(made.pid)
    await ended
  }
})
