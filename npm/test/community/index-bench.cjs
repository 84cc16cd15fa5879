// test-flumeview-index's benchmark, as flumeview-level ships it in test/bench.js: every step of it, on 1,000 records in the
// place of 50,000, as one case.

const { json } = require('flumecodec')
const Flume = require('flumedb')
const Log = require('flumelog-offset')
const Level = require('flumeview-level')
const tape = require('tape')

tape('bench', t =>
  require('test-flumeview-index/bench')(
    file => Flume(Log(`${file}/log.offset`, { codec: json })).use('index', Level(1, ({ key }) => [key])), 1000, t.end))
