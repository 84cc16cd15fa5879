// Runs on the page of the Chromium that will be killed: reports what is left in its logs, then appends to all of them
// and reports every acknowledgement, until it dies.

import Flume, { Log } from '/flumedb-wasm/browser.mjs'
import { appendUntilKilled, survey } from './workload.mjs'

const post = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify(body) })

try {
  const { run, seed, logs } = await (await post('/begin', {})).json()
  const open = logs.map(({ name, durability }) => ({ name, db: Flume(Log.indexedDB(name, { durability })) }))
  for (const { name, db } of open) await post('/survey', { name, survey: await survey(db) })
  for (const [i, { name, db }] of open.entries()) {
    let waiting = []
    let posting = false
    const report = async () => {
      posting = true
      while (waiting.length) await post('/acked', { name, run, appends: waiting.splice(0) })
      posting = false
    }
    appendUntilKilled(db, {
      run,
      seed: seed + i,
      acked: append => {
        waiting.push(append)
        if (!posting) report()
      }
    }).catch(error => post('/failed', String(error?.stack ?? error)))
  }
} catch (error) {
  post('/failed', String(error?.stack ?? error))
}
