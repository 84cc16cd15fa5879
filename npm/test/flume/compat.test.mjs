// flumedb's and flumeview-reduce's own tests, from their npm packages, run against this package. They want tape and
// statistics, which are stood in for here.

import assert from 'node:assert/strict'
import Module from 'node:module'
import { after, test } from 'node:test'
import { Flume, Reduce, require } from './helpers.mjs'

/** tape's part that these tests use, on node:test. */
function tape(name, fn) {
  test(`${suite}: ${name}`, (_, done) => {
    let planned = Infinity
    let count = 0
    let ended = false
    const end = () => {
      if (ended) return
      ended = true
      done()
    }
    const counted = check => (...args) => {
      check(...args)
      if (++count === planned) end()
    }
    fn({
      plan: n => (planned = n),
      end,
      pass: counted(() => {}),
      fail: counted(message => assert.fail(message)),
      ok: counted((value, message) => assert.ok(value, message)),
      error: counted(err => assert.ifError(err)),
      equal: counted((a, b) => assert.equal(a, b)),
      notEqual: counted((a, b) => assert.notEqual(a, b)),
      deepEqual: counted((a, b) => assert.deepEqual(a, b)),
      throws: counted((fn, match) => assert.throws(fn, err => match.test(String(err))))
    })
  })
}

function statistics(acc, value) {
  acc ??= { count: 0, sum: 0, squares: 0 }
  const count = acc.count + 1
  const sum = acc.sum + value
  const squares = acc.squares + value * value
  const mean = sum / count
  return { count, sum, squares, mean, stdev: Math.sqrt(squares / count - mean * mean) }
}

let suite = ''
const load = Module._load
let own = {}
Module._load = function (request, parent, ...rest) {
  if (request === 'tape') return tape
  if (request === 'statistics') return statistics
  if (/flumedb.test|flumeview-reduce.test/.test(parent?.filename ?? '') && own[request]) return own[request]
  return load.call(this, request, parent, ...rest)
}
after(() => {
  Module._load = load
})

const { log } = console
console.log = () => {}
process.on('exit', () => (console.log = log))

const MemLog = require('flumelog-memory')
const OffsetLog = require('flumelog-offset')
const json = require('flumecodec/json')
const { mkdtempSync } = await import('node:fs')
const dir = mkdtempSync('/tmp/flume-compat-')
let files = 0
const offsetLog = () => OffsetLog(`${dir}/${files++}/log`, 1024, json)

for (const [views, theirs] of [['their Reduce', undefined], ['our Reduce', Reduce]]) {
  own = { '../': Flume, ...(theirs && { 'flumeview-reduce': theirs }) }
  for (const name of ['memlog', 'memlog-map']) delete require.cache[require.resolve(`flumedb/test/${name}.js`)]
  const memlog = require('flumedb/test/memlog.js')
  const memlogMap = require('flumedb/test/memlog-map.js')
  const soon = (value, cb) => setImmediate(cb, null, value)

  suite = `memlog, ${views}`
  memlog(Flume(MemLog()))
  suite = `memlog, ${views}, mapper`
  memlog(Flume(MemLog(), null, soon))
  suite = `offset, ${views}`
  memlog(Flume(offsetLog()))
  suite = `memlog-map, ${views}`
  memlogMap(MemLog())
  suite = `offset-map, ${views}`
  memlogMap(offsetLog())
}

for (const [name, reduce] of [['their Reduce', require('flumeview-reduce')], ['our Reduce', Reduce]]) {
  own = { '../': reduce, flumedb: Flume }
  delete require.cache[require.resolve('flumeview-reduce/test/index.js')]
  suite = `flumeview-reduce, ${name}`
  require('flumeview-reduce/test/index.js')(() => Flume(MemLog()))
}
