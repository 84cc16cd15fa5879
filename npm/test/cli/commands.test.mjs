// What each command does, reads and prints, and its exit codes.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Flume, { Log } from 'flumedb-wasm'
import { random, someValues } from '../import/values.mjs'
import { asStored, fileOf, inFolder, kinds } from '../import/writers.mjs'
import { run } from './cli.mjs'

const COMMANDS = ['append', 'cat', 'get', 'stats', 'import', 'export', 'sync', 'query', 'search', 'views', 'rebuild', 'del', 'compact', 'verify']
const ok = async (args, stdin) => {
  const { code, stdout, stderr } = await run(args, stdin)
  assert.deepEqual([code, stderr], [0, ''])
  return stdout
}

test('help, of all and of each command, and the version', async () => {
  const all = await ok(['--help'])
  for (const name of COMMANDS) {
    assert.match(all, new RegExp(`^  ${name} `, 'm'))
    const [, summary] = new RegExp(`^  ${name} +(.*)$`, 'm').exec(all)
    const help = await ok(['somewhere', name, '--help'])
    assert.match(help, new RegExp(`^Usage: flumedb-wasm DIR ${name}`))
    assert.ok(help.toLowerCase().includes(summary.toLowerCase()))
  }
  assert.equal(await ok(['-h']), all)
  assert.match(await ok(['cat', '--help']), /DIR cat/)
  assert.match(await ok(['help', 'get']), /DIR get/)
  assert.equal(await ok(['--version']), JSON.parse(readFileSync(new URL('../../package.json', import.meta.url))).version + '\n')
})

test('wrong use is told, and makes no log', () => inFolder(async folder => {
  const dir = join(folder, 'log')
  for (const [args, message] of [
    [[], /missing/],
    [[dir], /command is missing/],
    [['stats'], /folder is missing/],
    [[dir, 'dance'], /no command "dance"; there are append/],
    [[dir, 'cat', '--wrong'], /--wrong/],
    [[dir, 'cat', 'what'], /takes no arguments/],
    [[dir, 'get'], /takes SEQ/],
    [[dir, 'import', 'a', 'b'], /takes \[FILE\]/],
    [[dir, 'sync'], /takes URL/],
    [[dir, 'append', '--durability', 'most'], /relaxed or strict/]
  ]) {
    const { code, stdout, stderr } = await run(args)
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
    assert.match(stderr, message)
    assert.match(stderr, /--help/)
  }
  assert.deepEqual(readdirSync(folder), [])
}))

test('what reads makes no log either', () => inFolder(async folder => {
  for (const command of ['cat', 'stats', 'export', 'verify', 'get', 'views', 'rebuild', 'search', 'query']) {
    const { code, stderr } = await run([join(folder, 'typo'), command, ...(command === 'get' || command === 'search' ? ['0'] : command === 'query' ? ['[]'] : [])])
    assert.equal(code, 1)
    assert.match(stderr, /there is no log in .*typo/)
  }
  assert.deepEqual(readdirSync(folder), [])
}))

test('append, cat, get, stats, verify', () => inFolder(async folder => {
  const dir = join(folder, 'log')
  assert.equal(await ok([dir, 'append'], '{"n":0}\n\n{"n":1}\r\n{"n":"☃"}'), '2\n')
  assert.equal(await ok([dir, 'append', '{"n":3}', '"four"', '--durability=strict']), '4\n')
  assert.equal(await ok([dir, 'append'], ''), '')
  assert.equal(await ok([dir, 'cat']), '{"n":0}\n{"n":1}\n{"n":"☃"}\n{"n":3}\n"four"\n')
  assert.equal(await ok([dir, 'cat', '--gt', '0', '--lte=2', '-r', '--seqs']), '{"seq":2,"value":{"n":"☃"}}\n{"seq":1,"value":{"n":1}}\n')
  assert.equal(await ok([dir, 'cat', '-n', '1']), '{"n":0}\n')
  assert.equal(await ok([dir, 'get', '4', '0']), '"four"\n{"n":0}\n')
  const stats = JSON.parse(await ok([dir, 'stats']))
  assert.deepEqual([stats.records, stats.since], [5, 4])
  assert.ok(stats.bytes > 40 && stats.segments > 0)
  assert.deepEqual(JSON.parse(await ok([dir, 'verify'])), { records: 5, segments: stats.segments, bytes: stats.bytes, damage: [] })
  const missing = await run([dir, 'get', '1', '99'])
  assert.deepEqual([missing.code, missing.stdout], [1, '{"n":1}\n'])
  assert.match(missing.stderr, /no record has seq 99/)
}))

test('append stops at a line that is no JSON, and keeps what stands before', () => inFolder(async folder => {
  const dir = join(folder, 'log')
  const { code, stderr } = await run([dir, 'append'], '1\n2\n{"three"}\n4\n')
  assert.equal(code, 1)
  assert.match(stderr, /line 3 is no JSON/)
  assert.equal(await ok([dir, 'cat']), '1\n2\n')
  const arg = await run([dir, 'append', '5', 'six'])
  assert.equal(arg.code, 2)
  assert.match(arg.stderr, /VALUE 2 is no JSON/)
  assert.equal(await ok([dir, 'cat']), '1\n2\n')
}))

test('import from a file and from stdin, and export', () => inFolder(async folder => {
  const values = someValues(500, random(1))
  const [dir, file, out] = ['log', 'log.offset', 'out.ndjson'].map(name => join(folder, name))
  const bytes = await fileOf(kinds[0], values)
  writeFileSync(file, bytes)
  const result = { format: 'flumelog-offset', records: 500, skipped: 0, deleted: 0, bytes: bytes.length }
  assert.deepEqual(JSON.parse(await ok([dir, 'import', file])), result)
  assert.deepEqual(JSON.parse(await ok([dir, 'import'], bytes)), { ...result, records: 0, skipped: 500 })
  assert.deepEqual(JSON.parse(await ok([dir, 'import', '-', '--again', '-f', 'flumelog-offset', '--codec', 'json'], bytes)), result)
  const lines = await ok([dir, 'export', '--lt', '500'])
  assert.deepEqual(lines.trim().split('\n').map(line => JSON.parse(line)), asStored(values))
  assert.equal(await ok([dir, 'export', out, '--lt', '500']), '')
  assert.equal(readFileSync(out, 'utf8'), lines)
  const again = await run([dir, 'export', out])
  assert.equal(again.code, 1)
  assert.match(again.stderr, /there already/)
  assert.equal(readFileSync(out, 'utf8'), lines)
  assert.deepEqual(readdirSync(folder).sort(), ['log', 'log.offset', 'out.ndjson'])
}))

test('import tells of a torn end, and of damage', () => inFolder(async folder => {
  const dir = join(folder, 'log')
  const torn = await run([dir, 'import'], '{"a":1}\n{"b":')
  assert.equal(torn.code, 0)
  assert.deepEqual(JSON.parse(torn.stdout).torn.position, 8)
  assert.match(torn.stderr, /ends at byte 8 with 5 bytes/)
  const damaged = await run([dir, 'import', '-f', 'ndjson'], '{"c":1}\n}\n{"d":2}\n')
  assert.deepEqual([damaged.code, damaged.stdout], [1, ''])
  assert.match(damaged.stderr, /byte 8 is damaged.*\(SOURCE\)/)
  assert.equal(await ok([dir, 'cat']), '{"a":1}\n{"c":1}\n')
  const unknown = await run([dir, 'import'], Buffer.from([1, 2, 3]))
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /flumelog-aligned-offset/)
  const option = await run([dir, 'import', '--format', 'csv'], 'a,b')
  assert.equal(option.code, 2)
  assert.match(option.stderr, /format must be one of/)
}))

test('del and compact', () => inFolder(async folder => {
  const dir = join(folder, 'log')
  for (let n = 0; n < 4; n++) await ok([dir, 'append'], `{"n":${n}}\n{"m":${n}}\n`)
  await ok([dir, 'del', '2', '7'])
  assert.equal((await ok([dir, 'cat'])).includes('"n":1'), false)
  assert.equal((await run([dir, 'get', '2'])).code, 1)
  assert.equal((await run([dir, 'del', '8'])).code, 1)
  assert.equal((await run([dir, 'del', 'x'])).code, 2)
  const before = JSON.parse(await ok([dir, 'stats']))
  const { freed } = JSON.parse(await ok([dir, 'compact']))
  const after = JSON.parse(await ok([dir, 'stats']))
  assert.ok(freed > 0)
  assert.deepEqual([after.bytes, after.segments, after.records, after.deleted], [before.bytes - freed, 1, 8, 2])
  assert.equal((await ok([dir, 'export'])).trim().split('\n').length, 6)
}))

test('verify finds damage, and says so by its exit code', () => inFolder(async folder => {
  const dir = join(folder, 'log')
  await ok([dir, 'append'], Array.from({ length: 100 }, (_, n) => JSON.stringify({ n })).join('\n'))
  const [name] = readdirSync(dir).filter(name => name.endsWith('.log'))
  const bytes = readFileSync(join(dir, name))
  bytes[bytes.length - 20] ^= 1
  writeFileSync(join(dir, name), bytes)
  const { code, stdout, stderr } = await run([dir, 'verify'])
  assert.equal(code, 3)
  const [damage] = JSON.parse(stdout).damage
  assert.ok(damage.first >= 0)
  assert.match(stderr, new RegExp(`the records ${damage.first} to ${damage.last} are damaged`))
  const cat = await run([dir, 'cat'])
  assert.equal(cat.code, 1)
  assert.match(cat.stderr, /\(CORRUPT\)/)
}))

test('a log that is open elsewhere', () => inFolder(async folder => {
  const dir = join(folder, 'log')
  const db = Flume(Log.file(dir))
  await db.append({ a: 1 })
  for (const command of ['cat', 'append', 'stats']) {
    const { code, stdout, stderr } = await run([dir, command], '1\n')
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, new RegExp(`is in use by the process ${process.pid}: wait`))
  }
  await db.close()
  assert.equal(await ok([dir, 'cat']), '{"a":1}\n')
  assert.ok(!existsSync(join(dir, 'lock')))
}))
