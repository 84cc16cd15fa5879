// Appends to a log until it is killed, and prints every acknowledgement:
//
//   node node-child.mjs FOLDER DURABILITY RUN SEED

import { writeSync } from 'node:fs'
import Flume, { Log } from 'flumedb-wasm'
import { appendUntilKilled } from './workload.mjs'

const [folder, durability, run, seed] = process.argv.slice(2)
const db = Flume(Log.file(folder, { durability }))
await appendUntilKilled(db, {
  run: Number(run),
  seed: Number(seed),
  // Written to the pipe before anything else happens: it is in the parent's hands when we die.
  acked: append => writeSync(1, JSON.stringify(append) + '\n')
})
