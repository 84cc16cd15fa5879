// The flights of the web example, in Node:
//
//   node npm/examples/flights.mjs DIR
//
// appends 231,083 flight records to a log in DIR and prints what its views say. Run it again: it opens the log and
// appends nothing. Stop it in the middle, however hard: the next run goes on with the record after the last one.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import Flume, { Log, Reduce } from 'flumedb-wasm'
import { ProgressLine, number, percent } from './progress-line.mjs'

const lateFromMinutes = 15
const bars = { from: -30, width: 10, count: 16 }     // of the histogram; the first and the last take what lies beyond
const batchSize = 1000

const totals = Reduce(1, {
  initial: { count: 0, minutes: 0, late: 0, miles: 0 },
  reduce: ({ count, minutes, late, miles }, flight) => ({
    count: count + 1,
    minutes: minutes + flight.delay,
    late: late + (flight.delay >= lateFromMinutes ? 1 : 0),
    miles: miles + flight.distance
  })
})

const delays = Reduce(1, {
  initial: Array(bars.count).fill(0),
  map: flight => Math.min(Math.max(Math.floor((flight.delay - bars.from) / bars.width), 0), bars.count - 1),
  reduce: (counts, bar) => counts.with(bar, counts[bar] + 1)
})

const [dir, ...rest] = process.argv.slice(2)
if (!dir || rest.length > 0 || dir.startsWith('-')) {
  console.error(`Usage: node ${basename(process.argv[1])} DIR`)
  process.exit(2)
}

const open = async () => {
  const start = performance.now()
  const db = Flume(Log(dir)).use('totals', totals).use('delays', delays)
  await db.totals.get()
  await db.delays.get()
  return { db, ms: performance.now() - start }
}

try {
  await importFlights()
  await printFlights()
} catch (error) {
  console.error(`\n${error.code ?? error.name}: ${error.message}`)
  process.exitCode = 1
}

async function importFlights () {
  const flights = JSON.parse(await readFile(dataFile()))
  const { db } = await open()
  const had = db.since.value + 1
  if (had > 0) console.log(`${dir} has ${number(had)} of ${number(flights.length)} flights`)

  const progress = new ProgressLine('flights', had, flights.length)
  for (let at = had; at < flights.length; at += batchSize) {
    const seq = await db.append(flights.slice(at, at + batchSize))
    progress.show(seq + 1)
  }
  progress.end()
  // The views follow the appends in their own time; closing now would leave the rest to the next opening.
  await db.totals.get()
  await db.delays.get()
  await db.close()
}

async function printFlights () {
  const { db, ms } = await open()
  const { count, minutes, late, miles } = await db.totals.get()
  const counts = await db.delays.get()

  console.log(`
Log length    ${number(count)} records, reopened with its views in ${ms.toFixed(0)} ms
Mean delay    ${(minutes / count).toFixed(1)} minutes
Late flights  ${percent(late / count)} by ${lateFromMinutes} minutes or more
Flown         ${number(miles)} miles

Minutes late    Flights`)
  const highest = Math.max(...counts)
  counts.forEach((flights, bar) => {
    const length = Math.round(flights / highest * 40)
    console.log(`${barLabel(bar).padStart(12)}  ${number(flights).padStart(7)}  ${'█'.repeat(length) || '▏'}`)
  })
  await db.close()
}

function barLabel (bar) {
  const from = bars.from + bar * bars.width
  const to = from + bars.width - 1
  if (bar === 0) return `up to ${to}`
  return bar === bars.count - 1 ? `${from} and more` : `${from} to ${to}`
}

function dataFile () {
  try {
    return createRequire(import.meta.url).resolve('vega-datasets/data/flights-200k.json')
  } catch {
    throw new Error('the data set is missing: npm install vega-datasets@2')
  }
}
