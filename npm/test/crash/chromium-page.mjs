// Runs on the page of the Chromium that will be killed. By what its address asks for, it reports what is left in the
// site's logs, goes on to another address, or appends to all of them and reports every acknowledgement until it dies.

import Flume, { Log } from '/flumedb-wasm/browser.mjs'
import { appendUntilKilled, survey } from './workload.mjs'

const asked = new URLSearchParams(location.search)
const site = location.hostname
const post = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify({ site, ...body }) })
const fail = error => post('/failed', { error: String(error?.stack ?? error) })

try {
  const logs = ['strict', 'relaxed'].map(durability => ({ durability, db: Flume(Log(durability, { durability })) }))
  if (asked.has('survey')) {
    for (const { durability, db } of logs) await post('/surveyed', { durability, survey: await survey(db) })
  }
  if (asked.has('then')) location.replace(asked.get('then'))
  else if (asked.has('append')) logs.forEach(append)
} catch (error) {
  fail(error)
}

function append ({ durability, db }) {
  const run = Number(asked.get('run'))
  let waiting = []
  let posting = false
  const report = async () => {
    posting = true
    while (waiting.length) await post('/acknowledged', { durability, run, appends: waiting.splice(0) })
    posting = false
  }
  appendUntilKilled(db, {
    run,
    seed: Number(asked.get('append')) + durability.length,
    acked: append => {
      waiting.push(append)
      if (!posting) report()
    }
  }).catch(fail)
}
