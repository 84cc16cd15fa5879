// SIGKILL of the whole Chromium in mid-append: what was acknowledged is there when the profile is opened again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { makeProfile, startChromium } from '../../scripts/chromium-process.mjs'
import { serve } from '../static-server.mjs'
import { Acknowledged } from './acknowledged.mjs'
import { random } from './workload.mjs'

const kills = 52
const killsPerLog = 13 // reading it all after each kill would otherwise get slow
const seed = Number(process.env.FLUMEDB_SEED ?? Date.now() % 1e9)
const folder = path => fileURLToPath(new URL(path, import.meta.url))

// Both logs are appended to at once, so every kill hits both.
test(`${kills} kills of Chromium, each with a strict and a relaxed log: every acknowledged append is there, in order, none twice`, { timeout: 900_000 }, async t => {
  t.diagnostic(`FLUMEDB_SEED=${seed}`)
  const next = random(seed)
  const profile = makeProfile('kill')
  let logs // [{ name, durability, acknowledged }]
  let run // number, and what it waits for
  let now
  const log = name => logs.find(log => log.name === name)

  const server = await serve({
    get: {
      '/': { type: 'text/html', body: '<!doctype html><title>kill</title><script type="module" src="/crash/chromium-page.mjs"></script>' },
      '/crash/': folder('./'),
      '/flumedb-wasm/': folder('../../dist/')
    },
    post: {
      '/begin': () => ({ run, seed: Math.floor(next() * 2 ** 31), logs: logs.map(({ name, durability }) => ({ name, durability })) }),
      '/survey': ({ name, survey }) => now.survey(name, survey),
      // Late words of a browser that is being killed still count: it did acknowledge.
      '/acked': ({ name, run, appends }) => {
        for (const append of appends) log(name)?.acknowledged.add(run, append)
        now.acked()
      },
      '/failed': message => now.failed(new Error(message))
    }
  })

  // Opens Chromium, waits until the logs of the profile were looked at, and goes on as told; then kills.
  async function open (untilKill) {
    const surveyed = new Set()
    let looked, acked, failed
    const all = new Promise(resolve => { looked = resolve })
    const appending = new Promise(resolve => { acked = resolve })
    const failure = new Promise((resolve, reject) => { failed = reject })
    failure.catch(() => {})
    now = {
      // Comes before the page appends, so all that was acknowledged by now was acknowledged before the last kill.
      survey (name, survey) {
        try {
          log(name).acknowledged.check(survey)
        } catch (error) {
          failed(error)
        }
        surveyed.add(name)
        if (surveyed.size === logs.length) looked()
      },
      acked,
      failed
    }
    const chromium = startChromium({ profile: profile.folder, args: [`${server.origin}/`] })
    const ended = chromium.exited.then(() => { throw new Error('Chromium ended by itself') })
    ended.catch(() => {})
    try {
      const late = sleep(120_000, undefined, { ref: false }).then(() => { throw new Error('nothing heard from the page in 120 s') })
      late.catch(() => {})
      await Promise.race([failure, untilKill(all, appending), ended, late])
    } finally {
      await chromium.kill()
    }
  }

  let total = 0
  const count = () => { total += logs.reduce((sum, { acknowledged }) => sum + acknowledged.records, 0) }
  try {
    for (run = 0; run < kills; run++) {
      if (run % killsPerLog === 0) {
        if (run) {
          await open(looked => looked)
          count()
        }
        logs = ['strict', 'relaxed'].map(durability => ({ name: `${durability}-${run}`, durability, acknowledged: new Acknowledged() }))
      }
      // One kill in eight comes while Chromium starts or the logs are opened; the others in mid-append.
      if (next() < 0.125) await open(() => sleep(next() * 2500))
      else await open((looked, appending) => appending.then(() => sleep(next() * 400)))
    }
    await open(looked => looked)
    count()
  } finally {
    await server.close()
    profile.remove()
  }
  t.diagnostic(`${total} records were acknowledged before the kills`)
  assert.ok(total > kills * 10, 'the kills came in the middle of appends')
})
