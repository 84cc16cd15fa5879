// A user's page: keeps a log, from the page and from a worker of its own, imports into another, and has a third in the wrapper's
// worker.

import Flume, { Log, Reduce } from 'flumedb-wasm'

main()

async function main () {
  const db = Flume(Log('visits'))
  const seqs = [await db.append({ by: 'page' }), await fromWorker()]
  const values = []
  // Live, because a record that another context appended comes when its message does.
  for await (const { seq, value } of db.stream({ live: true })) {
    values.push(value.by)
    if (seq === seqs[1]) break
  }
  await db.close()
  window.result = { seqs, values, imported: await importLines(), quiet: await quietly() }
}

// Loads import when it is needed. How many records it has appended, and found from before.
async function importLines () {
  await import('flumedb-wasm/import')
  const db = Flume(Log('imported'))
  const { records, skipped } = await db.import(new Blob(['{"n":1}\n{"n":2}\n']))
  await db.close()
  return [records, skipped]
}

async function quietly () {
  const db = Flume(Log('quiet', { worker: true })).use('visits', Reduce(1, { count: true }))
  await db.append({ by: 'page' })
  const visits = await db.visits.get()
  await db.close()
  return visits
}

function fromWorker () {
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' })
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      worker.terminate()
      resolve(data)
    }
    worker.onerror = event => reject(new Error(`worker: ${event.message}`))
  })
}
