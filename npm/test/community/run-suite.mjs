// Runs one suite of the community's in a process of its own, and tells what became of each of its cases.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { outcome } from './outcome.mjs'

const here = fileURLToPath(new URL('./', import.meta.url))
const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const LIMIT_MS = 120_000

/**
 * `file` is a path in node_modules, or one beside this. `ours` names, with spaces between, what is given to the suite in the
 * place of the originals; see stand-ins.cjs. Answers the outcome, and what the process said.
 */
export async function runSuite (file, ours) {
  const folder = mkdtempSync(join(tmpdir(), 'flumedb-suite-'))
  const report = join(folder, 'report')
  try {
    const output = await run(existsSync(join(here, file)) ? join(here, file) : join(modules, file), {
      ...process.env, SUITE_OURS: ours, SUITE_REPORT: report, TMPDIR: folder
    })
    const rows = existsSync(report) ? readFileSync(report, 'utf8').split('\n').filter(Boolean).map(row => JSON.parse(row)) : []
    return { ...outcome(rows), output }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// Its own exit code says no more than the report does.
function run (file, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--require', join(here, 'stand-ins.cjs'), file], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', data => { output = (output + data).slice(-4000) })
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      if (signal) reject(new Error(`${file} was ended by ${signal}:\n${output}`))
      else resolve(output)
    })
  })
}
