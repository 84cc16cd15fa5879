// Files of other logs, written by the packages themselves.

import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const require = createRequire(import.meta.url)
const bipf = require('bipf')

export const codecs = {
  json: { encode: JSON.stringify, decode: JSON.parse, buffer: false },
  bipf: { encode: bipf.allocAndEncode, decode: bytes => bipf.decode(bytes, 0), buffer: true },
  binary: { encode: bytes => Buffer.from(bytes), decode: bytes => bytes, buffer: true }
}

const done = run => new Promise((resolve, reject) => run((err, value) => err ? reject(err) : resolve(value)))

// A folder that is there while the function runs.
export async function inFolder (use) {
  const folder = mkdtempSync(join(tmpdir(), 'flumedb-import-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

// Every writer takes a path, values, and { codec, deleted, … }: a codec by name, and the places of values that are then
// deleted as the package deletes. It resolves when the file is complete.

async function offsetLog (path, values, { bits = 32, codec = 'json', deleted = [], blockSize } = {}) {
  const log = require('flumelog-offset')(path, { codec: codecs[codec], offsetCodec: bits, blockSize })
  const seqs = []
  for (const value of values) seqs.push(await done(cb => log.append(value, cb)))
  for (const i of deleted) await done(cb => log.del(seqs[i], cb))
}

async function legacyOffsetLog (path, values, { codec = 'json' } = {}) {
  const log = require('flumelog-offset-2')(path, 1024, codecs[codec])
  for (const value of values) await done(cb => log.append(value, cb))
}

async function alignedLog (path, values, { codec = 'json', deleted = [], blockSize = 65536 } = {}) {
  const log = require('flumelog-aligned-offset')(path, { codec: codecs[codec], blockSize })
  await new Promise(resolve => log.onReady(resolve))
  const seqs = []
  for (const value of values) seqs.push(await done(cb => log.append(value, false, cb)))
  // It calls back after any write, not after the last.
  do await new Promise(resolve => log.onDrain(resolve))
  while (statSync(path).size < log.length)
  for (const i of deleted) await done(cb => log.del(seqs[i], cb))
  await done(cb => log.close(cb))
}

async function blockLog (path, values, { codec = 'json', deleted = [], blockSize = 65536 } = {}) {
  const log = require('async-append-only-log')(path, { codec: codecs[codec], blockSize, writeTimeout: 1 })
  const seqs = []
  for (const value of values) seqs.push(await done(cb => log.append(value, cb)))
  await done(cb => log.onDrain(cb))
  for (const i of deleted) await done(cb => log.del(seqs[i], cb))
  await done(cb => log.onDeletesFlushed(cb))
  await done(cb => log.close(cb))
}

// All kinds of log file: the format's name, the writer with its settings, and what can be in them.
export const kinds = [
  ...[[32, 4], [48, 6], [53, 8]].map(([bits, width]) => ({ title: `flumelog-offset, ${bits} bits`, format: 'flumelog-offset', write: offsetLog, options: { bits }, width, deletes: true })),
  { title: 'flumelog-offset before version 3', format: 'flumelog-offset-legacy', write: legacyOffsetLog },
  { title: 'flumelog-aligned-offset', format: 'flumelog-aligned-offset', write: alignedLog, blocks: true, deletes: true },
  { title: 'async-append-only-log', format: 'async-append-only-log', write: blockLog, blocks: true, deletes: true },
  { title: 'async-append-only-log in bipf', format: 'async-append-only-log', write: blockLog, options: { codec: 'bipf' }, blocks: true, deletes: true }
]

// The bytes of such a file.
export const fileOf = (kind, values, options) => inFolder(async folder => {
  const path = join(folder, 'log')
  await kind.write(path, values, { ...kind.options, ...options })
  return new Uint8Array(readFileSync(path))
})

// The values as they come back from such a file: a lone surrogate survives in JSON's escapes only. (What bipf itself
// decodes lacks members named __proto__ as well.)
export function asStored (values, kind) {
  const text = JSON.stringify(values)
  return JSON.parse(kind?.options?.codec === 'bipf' ? text.replaceAll('\\ud800', '\ufffd') : text)
}

// What flumelog-offset itself makes of a file.
export async function readOffsetLog (path, { bits = 32 } = {}) {
  const pull = require('pull-stream')
  const log = require('flumelog-offset')(path, { codec: codecs.json, offsetCodec: bits })
  await new Promise(resolve => log.since.once(resolve))
  return done(cb => pull(log.stream({ seqs: false }), pull.collect(cb)))
}
