// The commands that ask views, list and rebuild them.

import assert from 'node:assert/strict'
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Flume, { Hashtable, Level, Log, Query, Reduce, Search } from 'flumedb-wasm'
import { inFolder } from '../import/writers.mjs'
import { run, start } from './cli.mjs'

const ok = async args => {
  const { code, stdout, stderr } = await run(args)
  assert.deepEqual([code, stderr], [0, ''], args.join(' '))
  return stdout.split('\n').slice(0, -1).map(line => JSON.parse(line))
}
const record = n => ({ n, type: 'abc'[n % 3], text: n % 2 ? 'the Fox runs' : 'a dog sleeps', deep: { text: `only${n}` } })
const N = 2000 // whose record is of the last type

const program = dir => Flume(Log.file(dir))
  .use('sum', Reduce(2, { sum: 'n', groupBy: 'type' }))
  .use('mine', Reduce('x', (acc, { n }) => (acc ?? 0) + n))
  .use('a/b', Level(1, ['type', 'n']))
  .use('table', Hashtable(1, { key: ({ n }) => n }))

const answers = async db => [await db.sum.get(), await db.mine.get(), (await db['a/b'].read({ limit: 5, reverse: true }).collect()).map(({ seq }) => seq), (await db.table.get(7)).n]

async function made (folder, use = db => db) {
  const dir = join(folder, 'log')
  const db = use(program(dir))
  for (let n = 0; n < N; n += 500) await db.append(Array.from({ length: 500 }, (_, k) => record(n + k)))
  const before = await answers(db)
  await db.close()
  return { dir, before }
}

test('views: what programs keep, and what a tool needs to know of it', () => inFolder(async folder => {
  const { dir } = await made(folder)
  const views = await ok([dir, 'views'])
  assert.deepEqual(views.map(({ bytes, ...rest }) => (assert.ok(bytes > 20), rest)), [
    { view: 'a/b', kind: 'level', version: 1, seq: N - 1, total: N - 1, options: ['type', 'n'] },
    { view: 'mine', kind: 'javascript', version: 'x', seq: N - 1, total: N - 1 },
    { view: 'sum', kind: 'reduce', version: 2, seq: N - 1, total: N - 1, options: { sum: 'n', groupBy: 'type' } },
    { view: 'table', kind: 'hashtable', version: 1, seq: N - 1, total: N - 1, options: { key: true }, mapped: true }
  ])
  const level = views[0].bytes
  const files = readdirSync(dir).filter(name => name.startsWith('checkpoint-'))
  const onDisk = files.filter(name => /a_2fb/.test(name)).reduce((sum, name) => sum + readFileSync(join(dir, name)).length, 0)
  assert.ok(level > 10_000 && level <= onDisk && level > onDisk - 100 * files.length, `${level} bytes of ${onDisk}, with its parts`)

  await run([dir, 'append'], '{"n":1}')
  assert.deepEqual((await ok([dir, 'views'])).map(({ seq, total }) => [seq, total]), Array(4).fill([N - 1, N]))

  const damaged = join(dir, 'checkpoint-sum')
  const bytes = readFileSync(damaged)
  bytes[bytes.length - 20] ^= 1
  writeFileSync(damaged, bytes)
  const sum = (await ok([dir, 'views'])).find(({ view }) => view === 'sum')
  assert.match(sum.damaged, /checksum/)
  assert.deepEqual(await ok([join(folder, 'log'), 'views']).then(all => all.length), 4)

  const empty = join(folder, 'empty')
  await run([empty, 'append', '1'])
  assert.deepEqual(await ok([empty, 'views']), [])
}))

test('views: a state that is being replaced is told', () => inFolder(async folder => {
  const dir = join(folder, 'log')
  let db = Flume(Log.file(dir)).use('mine', Reduce(1, acc => (acc ?? 0) + 1)).use('sum', Reduce(1, { sum: 'n' }))
  await db.append([1, 2, 3].map(record))
  await Promise.all([db.mine.get(), db.sum.get()])
  await db.close()
  const bad = (value, cb) => (value.n === 2 ? setTimeout(cb, 1e6, null, value).unref() : cb(null, value))
  db = Flume(Log.file(dir), true, bad).use('mine', Reduce(2, acc => (acc ?? 0) + 1))
  await db.mine.get({ since: 0 })
  await db.close()
  const [mine] = await ok([dir, 'views'])
  assert.deepEqual([mine.version, mine.seq, mine.old], [2, 0, { version: 1, seq: 2 }])
}))

test('rebuild: what can be made again is, and its program takes it over', () => inFolder(async folder => {
  const { dir, before } = await made(folder)
  assert.equal(before[2].length, 5)
  await run([dir, 'append'], JSON.stringify(record(N)))
  const { code, stdout, stderr } = await run([dir, 'rebuild'])
  assert.equal(code, 1)
  assert.deepEqual(stdout.trim().split('\n').map(JSON.parse), [
    { view: 'a/b', kind: 'level', version: 1, seq: N },
    { view: 'sum', kind: 'reduce', version: 2, seq: N }
  ])
  assert.match(stderr, /view mine cannot be rebuilt .*JavaScript[^]*view table cannot be rebuilt .*function/)
  assert.deepEqual((await ok([dir, 'rebuild', 'sum'])).map(({ view }) => view), ['sum'])
  const mapped = await run([dir, 'rebuild', 'table', 'sum'])
  assert.deepEqual([mapped.code, mapped.stdout.split('\n').length], [1, 2])

  for (const args of [['nothing'], ['sum', 'nothing']]) {
    const { code, stdout, stderr } = await run([dir, 'rebuild', ...args])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /no view "nothing" is kept .*; there are a\/b, mine, sum, table/)
  }

  const built = []
  const db = program(dir)
  db.progress(({ view, seq }) => seq < N && built.push(view))
  const [sum, mine, level, n] = await answers(db)
  assert.deepEqual([sum[record(N).type], mine, n], [before[0][record(N).type] + N, before[1] + N, before[3]])
  assert.deepEqual(level, [N, ...before[2].slice(0, 4)])
  assert.deepEqual([...new Set(built)].filter(view => view === 'sum' || view === 'a/b'), [], 'what was rebuilt was read once more')
  await db.close()
}))

test('rebuild: shows how far it is, and can be interrupted', { timeout: 60_000 }, () => inFolder(async folder => {
  const { dir, before } = await made(folder, db => db)
  const db = Flume(Log.file(dir))
  for (let i = 0; i < 40; i++) await db.append(Array.from({ length: 2000 }, (_, k) => record(k)))
  await db.close()
  const { process, ended } = start([dir, 'rebuild', 'a/b', 'sum'], { terminal: true })
  let shown = ''
  process.stderr.on('data', text => {
    shown += text
    if (/records/.test(shown)) process.kill('SIGINT')
  })
  process.stdin.end()
  const { code } = await ended
  assert.match(shown, /records/)
  assert.ok(code === 130 || code === 0, `exit code ${code}`)
  const after = program(dir)
  assert.deepEqual((await answers(after))[3], before[3])
  assert.equal((await after.sum.get({ meta: true })).seq, N + 80_000 - 1)
  await after.close()
}))

test('query: asks the view that is kept, or one of its own', () => inFolder(async folder => {
  const { dir } = await made(folder)
  const count = JSON.stringify([{ $filter: { type: 'a' } }, { $reduce: { $count: true } }])
  assert.deepEqual(await ok([dir, 'query', count]), [Math.ceil(N / 3)])
  assert.deepEqual(await ok([dir, 'query', '[{"$filter":{"n":{"$lt":4}}},{"$map":"n"}]']), [0, 1, 2, 3])
  assert.deepEqual(await ok([dir, 'query', '[{"$filter":{"type":"a"}}]', '-n', '1', '-r', '-s']), [{ seq: 1998, value: record(1998) }])
  assert.deepEqual(await ok([dir, 'query', '{"query":[{"$filter":{"type":"b"}}],"limit":1,"gt":5}']), [record(7)])
  assert.deepEqual((await ok([dir, 'query', count, '--explain'])).map(({ scan }) => scan), [undefined], 'what it has built is kept')
  assert.equal((await ok([dir, 'views'])).find(({ view }) => view === 'cli-query').kind, 'query')

  const indexes = [{ key: 'tn', value: ['type', 'n'] }]
  const db = Flume(Log.file(dir)).use('posts', Query(3, { indexes }))
  await db.posts.read([{ $filter: { type: 'a' } }]).collect()
  await db.close()
  assert.equal((await ok([dir, 'query', '--view=posts', '[{"$filter":{"type":"a"}}]', '--explain']))[0].index, 'tn')
  const { bytes } = (await ok([dir, 'views'])).find(({ view }) => view === 'posts')
  assert.ok(bytes > 1000)

  for (const [args, code, message] of [
    [['query'], 2, /takes QUERY/],
    [['query', '{'], 2, /no JSON/],
    [['query', '7'], 2, /array of stages/],
    [['query', '[{"$wrong":1}]'], 2, /no stage "\$wrong"/],
    [['query', '{"live":true}'], 2, /cannot be live/],
    [['query', '[]', '--limit=many'], 2, /whole number/],
    [['query', '[]', '--view=nothing'], 1, /no view "nothing"/],
    [['query', '[]', '--view=sum'], 1, /kind reduce/]
  ]) {
    const said = await run([dir, ...args])
    assert.deepEqual([said.code, said.stdout], [code, ''], args.join(' '))
    assert.match(said.stderr, message)
  }
}))

test('search: by words, beginnings and phrases, in the fields asked for', () => inFolder(async folder => {
  const { dir } = await made(folder)
  assert.deepEqual((await ok([dir, 'search', 'fox', '-n', '2'])).map(({ n }) => n), [1999, 1997])
  assert.deepEqual((await ok([dir, 'search', 'FO*', 'runs', '-n', '1', '-o', 'oldest', '-s'])), [{ seq: 1, value: record(1) }])
  assert.deepEqual((await ok([dir, 'search', 'only77'])).map(({ n }) => n), [77])
  assert.deepEqual((await ok([dir, 'search', '-p', 'only199'])).map(({ n }) => n), [1999, 1998, 1997, 1996, 1995, 1994, 1993, 1992, 1991, 1990, 199])
  assert.deepEqual((await ok([dir, 'search', '"dog sleeps"', '--order=oldest', '-n1'])).map(({ n }) => n), [0])
  assert.deepEqual(await ok([dir, 'search', 'fox', 'dog']), [])
  assert.equal((await ok([dir, 'search', 'fox', '-o', 'rank', '-n1', '-s']))[0].score > 0, true)
  assert.deepEqual((await ok([dir, 'search', 'fox', '-n1', '--highlights']))[0].highlights, [{ path: ['text'], ranges: [[4, 7]] }])
  assert.deepEqual(await ok([dir, 'search', 'only77', '--fields', 'text']), [])
  assert.deepEqual((await ok([dir, 'search', 'only77', '--fields', 'text,deep.text'])).map(({ n }) => n), [77])

  const db = Flume(Log.file(dir)).use('b-words', Search(1, { fields: 'text' })).use('a-mapped', Search(1, { map: ({ type }) => type }))
  await Promise.all([db['b-words'].query('fox').collect(), db['a-mapped'].query('a').collect()])
  await db.close()
  assert.deepEqual(await ok([dir, 'search', 'only77', '--view', 'b-words']), [])
  const mapped = await run([dir, 'search', 'a', '--view', 'a-mapped'])
  assert.deepEqual([mapped.code, mapped.stdout], [1, ''])
  assert.match(mapped.stderr, /a function/)
  // The first that is kept and can be asked.
  const copy = join(folder, 'copy')
  cpSync(dir, copy, { recursive: true, filter: name => !/cli-search/.test(name) })
  assert.deepEqual(await ok([copy, 'search', 'only77']), [])
  assert.equal((await run([dir, 'search'])).code, 2)
  assert.equal((await run([dir, 'search', 'fox', '--order', 'best'])).code, 2)
}))
