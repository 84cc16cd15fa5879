// Runs the command line of the built package.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const cli = fileURLToPath(new URL('../../dist/cli.mjs', import.meta.url))

// Starts it; `ended` resolves to { code, signal, stdout, stderr }. Where `terminal` is set it takes stderr for one.
export function start (args, { terminal = false } = {}) {
  const asTerminal = terminal ? ['--import', 'data:text/javascript,process.stderr.isTTY=true'] : []
  const process = spawn(globalThis.process.execPath, [...asTerminal, cli, ...args])
  let [stdout, stderr] = ['', '']
  process.stdout.setEncoding('utf8').on('data', text => { stdout += text })
  process.stderr.setEncoding('utf8').on('data', text => { stderr += text })
  process.stdin.on('error', () => {}) // it may end before it has read all
  const ended = new Promise(resolve => process.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })))
  return { process, ended }
}

// Runs it to its end, with a text or bytes on stdin.
export function run (args, stdin = '', options) {
  const { process, ended } = start(args, options)
  process.stdin.end(stdin)
  return ended
}
