// What nothing built on these hosts can beat: one put of bytes already made, in a transaction of its own, under one
// awaited append; and JSON.parse of strings already in memory under a scan. It stores no log, so it is measured by
// functions of its own.

import { fingerprint } from '../../data/fingerprint.mjs'
import { settle } from '../../operations.mjs'
import { answer, openDatabase, read, write } from '../indexeddb.mjs'

export default {
  async measure(job, input) {
    return job.operation === 'single' ? puts(job, input) : parses(job, input)
  },
}

async function puts({ place, durability, count }, input) {
  const values = await input.values()
  const length = Math.round(new TextEncoder().encode(JSON.stringify(values.slice(0, 1000))).length / 1000)
  const bytes = crypto.getRandomValues(new Uint8Array(length))
  const db = await openDatabase(place)
  const samples = []
  await settle()
  for (let key = 0; key < count; key++) {
    const start = performance.now()
    await write(db, durability, (store) => store.put(bytes, key))
    samples.push(performance.now() - start)
  }
  const stored = await answer(read(db, (store) => store.count()))
  db.close()
  if (stored !== count) throw new Error(`${count} values were put, ${stored} are stored`)
  return { samples }
}

async function parses(job, input) {
  const strings = (await input.values()).map((value) => JSON.stringify(value))
  await settle()
  const start = performance.now()
  const values = strings.map((string) => JSON.parse(string))
  const ms = performance.now() - start
  if (fingerprint(values) !== job.fingerprint) throw new Error('what was parsed is not what was stringified')
  return { count: values.length, ms }
}
