// SIGKILL of the whole Chromium in mid-append: what was acknowledged is there when the profile is opened again.
//
// Chromium keeps IndexedDB in LevelDB by default, and in SQLite where its feature IdbSqliteBackingStore is on. With
// LevelDB a site's data survives one such kill, which is what chromium-kill-leveldb shows, but Chromium itself may delete all
// of it later: a kill between the two writes of a record of LevelDB's log leaves half of it, the next session appends
// behind that half, and the session after finds a log that is corrupt (https://github.com/google/leveldb/issues/1287).
// A page can neither see nor prevent it. So there each kill is of a new site, whose logs are looked at once; on SQLite
// (chromium-kill-sqlite) all kills are of the same logs, which grow. Two files, which run at once.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { makeProfile, startBrowser } from '../../scripts/browser-process.mjs'
import { serve } from '../static-server.mjs'
import { Acknowledged } from './acknowledged.mjs'
import { random } from './workload.mjs'

const seed = Number(process.env.FLUMEDB_SEED ?? Date.now() % 1e9)
const folder = path => fileURLToPath(new URL(path, import.meta.url))

export async function killAgainAndAgain (t, { kills, siteOf, args, look }) {
  t.diagnostic(`FLUMEDB_SEED=${seed}`)
  const next = random(seed)
  const profile = makeProfile('kill')
  const sites = new Map() // name to what was acknowledged there: { strict, relaxed }
  let due = new Set() // sites that were appended to and not looked at since
  let session // what the one running waits for

  const server = await serve({
    get: {
      '/': { type: 'text/html', body: '<!doctype html><title>kill</title><script type="module" src="/crash/chromium-page.mjs"></script>' },
      '/crash/': folder('./'),
      '/flumedb-wasm/': folder('../../dist/')
    },
    post: {
      // Comes before the page appends, so all that was acknowledged by now was acknowledged before the last kill.
      '/surveyed': ({ site, durability, survey }) => {
        try {
          sites.get(site)[durability].check(survey)
          session.surveyed(site, durability)
        } catch (error) {
          session.failed(error)
        }
      },
      // Late words of a browser that is being killed still count: it did acknowledge.
      '/acknowledged': ({ site, durability, run, appends }) => {
        for (const append of appends) sites.get(site)[durability].add(run, append)
        session.acknowledged()
      },
      '/failed': ({ site, error }) => session.failed(new Error(`on ${site}: ${error}`))
    }
  })
  const address = (site, query) => `${server.origin.replace('localhost', site)}/?${query}`

  // Opens Chromium on the addresses, one behind the other, waits as it is told, and kills.
  async function open (addresses, waitFor) {
    const first = addresses.reduceRight((then, address) => `${address}&then=${encodeURIComponent(then)}`)
    const missing = new Set(addresses.filter(address => address.includes('survey')).flatMap(address => ['strict', 'relaxed'].map(durability => `${new URL(address).hostname} ${durability}`)))
    await new Promise((resolve, reject) => {
      let looked, appended
      const done = {
        looked: new Promise(resolve => { looked = resolve }),
        appended: new Promise(resolve => { appended = resolve })
      }
      session = {
        surveyed (site, durability) {
          missing.delete(`${site} ${durability}`)
          if (missing.size === 0) looked()
        },
        acknowledged: appended,
        failed: reject
      }
      if (missing.size === 0) looked()
      const chromium = startBrowser('chromium', { profile: profile.folder, args: [...args, first] })
      chromium.exited.then(() => reject(new Error('Chromium ended by itself')), reject)
      const late = setTimeout(() => reject(new Error(`nothing heard from the page in 120 s; missing: ${[...missing]}`)), 120_000)
      waitFor(done).then(resolve, reject)
      session.end = async () => {
        clearTimeout(late)
        await chromium.kill()
      }
    }).finally(() => session.end())
  }

  try {
    for (let run = 0; run < kills; run++) {
      const site = siteOf(run)
      if (!sites.has(site)) sites.set(site, { strict: new Acknowledged(), relaxed: new Acknowledged() })
      const append = `append=${Math.floor(next() * 2 ** 31)}&run=${run}`
      if (next() < 0.125) {
        // One kill in eight comes while Chromium starts or the logs are opened.
        await open([address(site, append)], () => sleep(next() * 2500))
      } else {
        // The others in mid-append. What is due is looked at before.
        const others = [...due].filter(name => name !== site).map(name => address(name, 'survey'))
        due = new Set()
        await open([...others, address(site, `survey&${append}`)], async ({ looked, appended }) => {
          await Promise.all([looked, appended])
          await sleep(next() * 400)
        })
      }
      due.add(site)
    }
    await open([...due].map(name => address(name, 'survey')), ({ looked }) => looked)
    look?.(profile.folder)
  } finally {
    await server.close()
    profile.remove()
  }
  const total = [...sites.values()].reduce((sum, { strict, relaxed }) => sum + strict.records + relaxed.records, 0)
  t.diagnostic(`${total} records were acknowledged before the kills`)
  assert.ok(total > kills * 10, 'the kills came in the middle of appends')
}
