// Every suite of suites.mjs, run in Node, with exactly the failures that it names.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { expectOutcome } from './expect.mjs'
import { runSuite } from './run-suite.mjs'
import { suites } from './suites.mjs'
import { failureTable, suiteTable, version } from './table.mjs'

// One at a time: some name their files in the system's temporary folder by themselves, and always the same.
test('the suites of the community', { concurrency: 1 }, async t => {
  await Promise.all(suites.flatMap(suite => suite.runs.map(run =>
    t.test(`${suite.file}, ours: ${run.ours}`, async () => expectOutcome(suite, run, await runSuite(suite.file, run.ours))))))
})

test('docs/compatibility.md says what is run, of which versions, and what of it fails', () => {
  const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8')
  for (const table of [suiteTable(), failureTable()]) assert.ok(page.includes(table), `it should have, as node npm/test/community/table.mjs prints:\n${table}`)
  const tested = ['flumedb', 'flumelog-memory', 'flumelog-offset', 'flumelog-level', 'flumeview-reduce', 'flumeview-level', 'flumeview-query', 'flumeview-links', 'flumeview-search', 'flumeview-hashtable', 'test-flumelog', 'test-flumeview-index']
  for (const name of tested) assert.match(page, new RegExp(`\\b${name}\`?[^\\n|]*(\\| )?${version(name).replaceAll('.', '\\.')}\\b`), name)
})
