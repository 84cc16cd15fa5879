// The cases of a log, in Node.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import Flume, { Log, Reduce } from 'flumedb-wasm'
import { cases, run } from './cases.mjs'

const folder = mkdtempSync(join(tmpdir(), 'flumedb-log-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let logs = 0
const name = () => join(folder, String(logs++))

for (const title of Object.keys(cases)) test(title, { timeout: 120_000 }, () => run(title, { Flume, Log, Reduce, name }))
