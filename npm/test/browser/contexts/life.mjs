// One life of a context: it opens the log, appends single records and batches at random, several in flight, hears the log
// live, and reports what was acknowledged, until it is closed or killed. Every record says which life it is of, its place n
// in that, and in which batch it came.

import { Flume, Log, Reduce } from '/flumedb-wasm/browser.mjs'
import { random } from '/crash/workload.mjs'

export const open = () => Flume(Log('contexts')).use('lives', Reduce(1, { count: true, groupBy: 'life' }))

export function begin ({ life, seed }) {
  const next = random(seed)
  const post = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify({ life, ...body }) })
  const fail = error => post('/failed', { error: `${error} ${error?.stack}` })

  let waiting = []
  let reporting = Promise.resolve()
  const acknowledged = append => {
    if (waiting.push(append) > 1) return
    reporting = reporting.then(() => post('/acknowledged', { appends: waiting.splice(0) }))
  }

  const db = open()
  const inFlight = new Set()
  let closing = false

  const append = async () => {
    for (let n = 0; !closing;) {
      const first = n
      const count = next() < 0.3 ? 1 + Math.floor(next() * 20) : 1
      const pad = 'x'.repeat(next() < 0.99 ? next() * 300 : next() * 100_000)
      const records = Array.from({ length: count }, () => ({ life, n: n++, batch: [first, count], pad }))
      const append = db.append(count === 1 ? records[0] : records).then(seq => {
        acknowledged({ first, count, seq })
        inFlight.delete(append)
      })
      inFlight.add(append)
      append.catch(() => {}) // which Promise.all tells of
      if (inFlight.size > 1 + next() * 10) await Promise.race(inFlight)
      // A life that lasts long, as all do on a busy machine, appends less and less: else those that append would keep the
      // processor from those that begin, which would then make it last longer still.
      if (n > 300 || next() < 0.3) await new Promise(resolve => setTimeout(resolve, next() * (n > 300 ? 300 : 40)))
    }
    await Promise.all(inFlight)
  }

  const hear = async () => {
    let last
    for await (const { seq, value } of db.stream({ live: true })) {
      if (last !== undefined && seq !== last + 1) throw new Error(`heard seq ${seq} behind ${last}`)
      if (value.life === undefined) throw new Error(`heard something else at seq ${seq}`)
      last = seq
    }
  }

  const hearing = hear()
  const appending = append()
  const over = Promise.all([appending, hearing.catch(error => error.code === 'CLOSED' && closing ? undefined : Promise.reject(error))])
    .catch(error => fail(error).then(() => { throw error }))
  over.catch(() => {})
  return {
    over,
    async close () {
      closing = true
      await appending
      await db.close()
      await over
      await reporting
      return 'closed'
    }
  }
}
