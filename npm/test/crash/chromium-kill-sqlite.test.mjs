// SIGKILL of Chromium in mid-append, where it keeps IndexedDB in SQLite: chromium-kill.mjs.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { killAgainAndAgain } from './chromium-kill.mjs'

test('26 kills of Chromium on SQLite, with a strict and a relaxed log that grow: every acknowledged append is there, in order, none twice', { timeout: 900_000 }, async t => {
  await killAgainAndAgain(t, {
    kills: 26,
    siteOf: () => 'localhost',
    args: ['--enable-features=IdbSqliteBackingStore'],
    look: profile => {
      const names = readdirSync(join(profile, 'Default/IndexedDB'))
      assert.deepEqual(names.filter(name => name.endsWith('.leveldb')), [], 'this Chromium keeps IndexedDB in SQLite when asked to')
    }
  })
})
