// test-flumeview-index's `read`, as flumeview-level ships it in test/broken: there it asks for its view by a path that has
// moved, so that it cannot load.

const { json } = require('flumecodec')
const Flume = require('flumedb')
const Log = require('flumelog-offset')
const Level = require('flumeview-level')

require('test-flumeview-index/read')(file => Flume(Log(`${file}/log.offset`, { codec: json })).use('index', Level(1, ({ key }) => [key])))
