// Imports a file into a log, while others append to it, until it is done or killed:
//
//   node kill-child.mjs FOLDER FILE RUN
//
// It prints a line for each append of the others that was answered, and one when the import is done.

import { writeSync } from 'node:fs'
import Flume, { Log } from 'flumedb-wasm'

const [folder, file, run] = process.argv.slice(2)
const print = value => writeSync(1, JSON.stringify(value) + '\n')
const db = Flume(Log.file(folder))
await db.append([])
print({ open: true })

let n = 0
const others = setInterval(() => {
  const value = { run, other: n++ }
  db.append(value).then(() => print(value))
}, 5)
const { records, skipped } = await db.import(file)
clearInterval(others)
await db.close()
print({ records, skipped })
