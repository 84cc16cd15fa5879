// Loaded before a suite of the community's, which then runs as its own test script runs it: `node SUITE`. Where the suite
// asks for a package by the name of a flume module, it gets ours, if SUITE_OURS says so. What its tape reports goes to the
// file SUITE_REPORT, and at the end which of its cases have not ended.

const { appendFileSync, mkdirSync } = require('node:fs')
const Module = require('node:module')
const { dirname } = require('node:path')
const { Flume, Level, Links, Log, Query, Reduce } = require('flumedb-wasm')

const ours = new Set(process.env.SUITE_OURS.split(' '))
// flumelogs are named by a file, ours by a folder.
const log = name => (name && !ours.has('memory') ? Log(name) : Log.memory())
// By the parts of SUITE_OURS. Another view of ours is another line.
const offered = {
  flumedb: { flumedb: Flume },
  log: { 'flumelog-memory': log, 'flumelog-offset': log, 'flumelog-level': log },
  memory: { 'flumelog-memory': log },
  reduce: { 'flumeview-reduce': Reduce },
  level: { 'flumeview-level': Level },
  links: { 'flumeview-links': Links },
  query: { 'flumeview-query': Query }
}
const standIns = new Map()
// flumelog-offset makes its folder a moment after flumeview-level opens another in it, and that moment may be too late.
const Offset = require('flumelog-offset')
standIns.set(require.resolve('flumelog-offset'), (file, ...options) => {
  mkdirSync(dirname(file), { recursive: true })
  return Offset(file, ...options)
})
for (const part of ours) for (const [name, own] of Object.entries(offered[part] ?? {})) standIns.set(require.resolve(name), own)

// The files of suites, not of the modules that they test: those use each other as ever.
const isSuite = file => /node_modules[\\/](flume[^\\/]+[\\/]test|test-flume[^\\/]+)[\\/]/.test(file) || file.startsWith(__dirname)

const write = row => appendFileSync(process.env.SUITE_REPORT, JSON.stringify(row) + '\n')
const tapes = []
function listen (tape) {
  if (tapes.includes(tape)) return
  const number = tapes.push(tape)
  tape.createStream({ objectMode: true }).on('data', ({ type, id, name, parent, test, ok }) => write({ type, tape: number, id, name, parent, test, ok }))
}
process.on('uncaughtExceptionMonitor', error => write({ type: 'crash', message: String(error) }))
process.on('exit', () => {
  for (const tape of tapes) for (const { name } of tape.getHarness()._tests) write({ type: 'planned', name })
})

const load = Module._load
Module._load = function (request, parent, isMain) {
  if (!isMain && isSuite(parent?.filename ?? '')) {
    const standIn = standIns.get(Module._resolveFilename(request, parent))
    if (standIn) return standIn
  }
  const loaded = load.call(this, request, parent, isMain)
  if (request === 'tape') listen(loaded)
  return loaded
}

// They name their folders after the time, some of them two at once. Here no time comes twice.
const now = Date.now
let last = 0
Date.now = () => (last = Math.max(now(), last + 1))
