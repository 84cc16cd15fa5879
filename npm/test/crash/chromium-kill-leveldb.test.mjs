// SIGKILL of Chromium in mid-append, where it keeps IndexedDB in LevelDB, as it does by default: chromium-kill.mjs.

import { test } from 'node:test'
import { killAgainAndAgain } from './chromium-kill.mjs'

test('52 kills of Chromium on LevelDB, each with a strict and a relaxed log: every acknowledged append is there, in order, none twice', { timeout: 900_000 }, async t => {
  await killAgainAndAgain(t, { kills: 52, siteOf: run => `site-${run}.localhost`, args: [] })
})
