// Where the bytes come from, how much of them is held, and how an import ends.

import assert from 'node:assert/strict'
import { openAsBlob, createReadStream, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import Flume, { FlumeError, Log } from 'flumedb-wasm'
import 'flumedb-wasm/import'
import { contents, imported } from './imported.mjs'
import { random, someValues } from './values.mjs'
import { asStored, fileOf, inFolder, kinds } from './writers.mjs'

const require = createRequire(import.meta.url)

test('paths, file: URLs, Blobs, bytes, ReadableStreams, iterables and Node streams', async () => {
  const values = someValues(300, random(1))
  const bytes = await fileOf(kinds[0], values)
  const { buffer } = bytes.slice()
  await inFolder(async folder => {
    const path = join(folder, 'log.offset')
    writeFileSync(path, bytes)
    const blob = await openAsBlob(path)
    const sources = {
      path,
      url: pathToFileURL(path),
      blob,
      file: new File([bytes], 'log.offset'),
      bytes,
      buffer: Buffer.from(bytes),
      arrayBuffer: buffer,
      view: new DataView(buffer),
      stream: blob.stream(),
      response: new Response(bytes).body,
      nodeStream: createReadStream(path, { highWaterMark: 1000 }),
      web: Readable.toWeb(createReadStream(path)),
      generator: (async function * () { yield bytes })()
    }
    for (const [name, source] of Object.entries(sources)) {
      const { result, values: got } = await imported(source)
      assert.deepEqual(got, asStored(values), name)
      assert.equal(result.bytes, bytes.length, name)
    }
  })
})

test('texts, as a stream with an encoding gives them, and what another database exports', async () => {
  const values = someValues(50, random(2))
  const from = Flume(Log.memory())
  await from.append(values)
  assert.deepEqual((await imported(from.export())).values, asStored(values))
  assert.deepEqual((await imported(from.export().toReadableStream())).values, asStored(values))
  const lines = new TextDecoder().decode(Buffer.concat(await from.export().collect()))
  const texts = Readable.from([lines.slice(0, 777), lines.slice(777)], { objectMode: true })
  assert.deepEqual((await imported(texts)).values, asStored(values))
  await from.close()
})

test('into a log that is not ours', async () => {
  const values = someValues(9000, random(3), 5)
  const bytes = await fileOf(kinds[0], values)
  const log = require('flumelog-memory')()
  const db = Flume(log)
  const result = await db.import(bytes)
  assert.deepEqual([result.records, result.skipped], [9000, 0])
  assert.deepEqual(await contents(db), asStored(values))
  // There is nowhere to note down what has been imported.
  assert.equal((await db.import(bytes)).records, 9000)
  await db.close()
})

test('what cannot be read says so', async () => {
  for (const [source, options, code, message] of [
    ['/nowhere/log.offset', {}, 'SOURCE', /ENOENT/],
    ['/', {}, 'SOURCE', /folder/],
    [42, {}, 'INVALID_OPTION', /path, a File/],
    [null, {}, 'INVALID_OPTION', /path, a File/],
    [new Uint8Array([1, 2, 3, 250, 251]), {}, 'SOURCE', /flumelog-offset, .*json/],
    [Buffer.alloc(100), {}, 'SOURCE', /format/],
    [Buffer.from('{"a":1}\n'), { format: 'csv' }, 'INVALID_OPTION', /flumelog-offset/],
    [Buffer.from('{"a":1}\n'), { formt: 'json' }, 'INVALID_OPTION', /known are format/],
    [Buffer.from('{"a":1}\n'), { codec: 'xml' }, 'INVALID_OPTION', /json, bipf, binary/],
    [Buffer.from('{"a":1}\n'), { codec: 'bipf' }, 'INVALID_OPTION', /codec/],
    [Buffer.from('{"a":1}\n'), { format: 'ndjson', codec: 'bipf' }, 'INVALID_OPTION', /JSON/],
    [Buffer.from('{"a":1}\n'), { codec: 'binary' }, 'INVALID_OPTION', /binary/],
    [Buffer.from('{"a":1}\n'), { blockSize: 'large' }, 'INVALID_OPTION', /blockSize/],
    [(async function * () { yield 7 })(), {}, 'SOURCE', /number/],
    [(async function * () { throw new Error('the net is down') })(), {}, 'SOURCE', /the net is down/]
  ]) {
    const error = await imported(source, options).then(() => assert.fail(`${source} was imported`), err => err)
    assert.ok(error instanceof FlumeError, error.stack)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
  }
})

test('records that are neither JSON nor bipf, and an encoder that throws', async () => {
  const bytes = await fileOf(kinds[0], [Buffer.from([1, 2, 3])], { codec: 'binary' })
  await assert.rejects(imported(bytes), { code: 'SOURCE', message: /codec/ })
  const codec = { encode () { throw new Error('no room for this') }, decode: () => 0 }
  await assert.rejects(imported(Buffer.from('{"a":1}\n'), {}, { codec }), { code: 'INVALID_RECORD', position: 0, message: /no room for this/ })
})

// An endless source of lines, which knows how far it was read and whether it was left.
function lines (limit = Infinity) {
  const state = { given: 0, left: false }
  const stream = async function * () {
    try {
      for (let n = 0; state.given < limit; n++) {
        const line = Buffer.from(`{"n":${n},"pad":"${'x'.repeat(5000)}"}\n`)
        state.given += line.length
        yield line
      }
    } finally {
      state.left = true
    }
  }
  return { state, stream: stream() }
}

test('a stream is read no further than it can be appended', async () => {
  const { state, stream } = lines(40 << 20)
  const ahead = []
  const db = Flume(Log.memory())
  const heard = []
  await db.import(stream, { onProgress: progress => {
    heard.push(progress)
    ahead.push(state.given - progress.bytes)
  } })
  assert.ok(heard.length > 1)
  assert.ok(Math.max(...ahead) < 4 << 20, `it read ${Math.max(...ahead)} bytes ahead`)
  const last = heard.at(-1)
  assert.deepEqual([last.bytes, last.totalBytes, last.records, last.eta], [state.given, state.given, db.since.value + 1, 0])
  assert.ok(last.rate > 0)
  assert.equal(heard[0].totalBytes, undefined)
  assert.deepEqual(heard.map(({ bytes }) => bytes), heard.map(({ bytes }) => bytes).sort((a, b) => a - b))
  await db.close()
})

test('progress of a file knows its size and when it will end', async () => {
  const bytes = Buffer.from(`{"pad":"${'x'.repeat(9990)}"}\n`.repeat(2000))
  const heard = []
  const db = Flume(Log.memory())
  await db.import(bytes, { onProgress: progress => heard.push(progress) })
  assert.ok(heard.every(({ totalBytes }) => totalBytes === bytes.length))
  assert.deepEqual(heard.at(-1).bytes, bytes.length)
  await db.close()
})

test('a signal ends an import, also while its source says nothing, and the source is left', async () => {
  const db = Flume(Log.memory())
  const abort = new AbortController()
  const endless = lines()
  await assert.rejects(db.import(endless.stream, { signal: abort.signal, onProgress: () => abort.abort('enough') }), { code: 'ABORTED', name: 'AbortError', cause: 'enough' })
  assert.ok(endless.state.left)
  const records = db.since.value + 1
  assert.ok(records > 0)
  await new Promise(resolve => setTimeout(resolve, 20))
  assert.equal(db.since.value + 1, records, 'nothing is appended afterwards')

  let cancelled
  const silent = new ReadableStream({ pull: () => new Promise(() => {}), cancel: () => { cancelled = true } })
  const late = new AbortController()
  setTimeout(() => late.abort(), 20) // AbortSignal.timeout keeps no process alive
  await assert.rejects(db.import(silent, { signal: late.signal }), { code: 'ABORTED' })
  assert.ok(cancelled)
  await assert.rejects(db.import('/nowhere', { signal: AbortSignal.abort() }), { code: 'ABORTED' })
  await db.close()
})

test('closing the database ends an import', async () => {
  const db = Flume(Log.memory())
  const silent = new ReadableStream({ pull: () => new Promise(() => {}) })
  const importing = db.import(silent)
  const endless = db.import
  await new Promise(resolve => setTimeout(resolve, 10))
  await db.close()
  await assert.rejects(importing, { code: 'CLOSED' })
  await assert.rejects(endless(silent), { code: 'CLOSED' })
})

test('one import into a log at a time', async () => {
  const db = Flume(Log.memory())
  const abort = new AbortController()
  const first = db.import(new ReadableStream({ pull: () => new Promise(() => {}) }), { signal: abort.signal })
  await assert.rejects(db.import(Buffer.from('{"a":1}\n')), { code: 'LOCKED' })
  abort.abort()
  await assert.rejects(first, { code: 'ABORTED' })
  assert.equal((await db.import(Buffer.from('{"a":1}\n'))).records, 1)
  await db.close()
})

test('appends and imports of one task keep their order', async () => {
  const db = Flume(Log.memory())
  await Promise.all([db.append('a'), db.import(Buffer.from('["b"]')).then(() => db.append('c')), db.append('a2')])
  assert.deepEqual(await contents(db), ['a', 'a2', 'b', 'c'])
  await db.close()
})

test('the mapper is for reading, not for importing', async () => {
  const db = Flume(Log.memory(), true, (value, cb) => cb(null, { ...value, mapped: true }))
  await db.import(Buffer.from('{"a":1}\n'))
  assert.deepEqual(await db.get(0), { a: 1, mapped: true })
  assert.equal(String(Buffer.concat(await db.export().collect())), '{"a":1}\n')
  await db.close()
})
