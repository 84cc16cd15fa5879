// The cases of the views that run in the module, in Node.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import * as flumedb from 'flumedb-wasm'
import { cases as bloom } from './bloom-cases.mjs'
import { cases as hashtable } from './hashtable-cases.mjs'
import { cases as level } from './level-cases.mjs'
import { cases as links } from './links-cases.mjs'
import { cases as mounted } from './mounted-cases.mjs'
import { cases as past } from './past-cases.mjs'
import { cases as query } from './query-cases.mjs'
import { cases as reduce } from './reduce-cases.mjs'
import { cases as search } from './search-cases.mjs'
import { cases as together } from './together-cases.mjs'
import { run, seed } from './checks.mjs'

const folder = mkdtempSync(join(tmpdir(), 'flumedb-views-'))
after(() => rmSync(folder, { recursive: true, force: true }))

console.log(`SEED=${seed}`)
let logs = 0
const name = () => join(folder, String(logs++))

for (const [view, cases] of Object.entries({ Reduce: reduce, Level: level, Links: links, Hashtable: hashtable, Bloom: bloom, Search: search, Query: query, 'all views': mounted, together, past }))
  describe(view, () => {
    for (const [title, body] of Object.entries(cases)) test(title, { timeout: 120_000 }, () => run(body, { ...flumedb, name, seed }))
  })
