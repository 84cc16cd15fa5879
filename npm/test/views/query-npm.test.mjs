// Query beside npm flumeview-query on the same log with the same indexes: which index is chosen, what is answered, and in
// what order. QUERY_SEED repeats a run.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pull from 'pull-stream'
import { Flume, Log, Query } from 'flumedb-wasm'
import { random } from './checks.mjs'

const FlumeviewQuery = createRequire(import.meta.url)('flumeview-query')
const SEED = Number(process.env.QUERY_SEED ?? (Date.now() & 0xfffff))

const INDEXES = [
  { key: 'tim', value: ['time'] },
  { key: 'aut', value: [['value', 'author'], ['value', 'n']] },
  { key: 'typ', value: [['value', 'type'], 'time'] },
  { key: 'aty', value: [['value', 'author'], ['value', 'type'], 'time'] }
]

const folder = mkdtempSync(join(tmpdir(), 'flumedb-query-'))
const { log: print } = console
before(() => (console.log = () => {})) // they print each comparison
after(() => {
  console.log = print
  rmSync(folder, { recursive: true, force: true })
})

test(`Query and flumeview-query, QUERY_SEED=${SEED}`, { timeout: 300_000 }, async () => {
  const next = random(SEED)
  const one = list => list[next(list.length)]
  // Each indexed field is there, and of one type: npm's indexes leave out records that are not so.
  const record = () => ({ time: next(40) / 4, value: { author: one(['al', 'bob', 'bo', 'é']), type: one(['a', 'ab', 'b']), n: next(9) - 4, text: 'x'.repeat(next(5)) }, more: one([null, 1, 'a', true]) })
  const text = () => one(['al', 'bob', 'a', 'ab', 'b', 'é', { $prefix: 'b' }, { $prefix: 'a' }, { $gt: 'al' }, { $gte: 'a', $lt: 'bo' }, { $ne: 'bob' }])
  const number = () => one([next(9) - 4, { $gt: next(9) - 4 }, { $lte: next(9) }, { $gte: -2, $lt: next(5) }, { $lt: 0 }])
  const filter = () => ({
    ...(next(3) === 0 && { time: number() }),
    ...(next(4) && { value: { ...(next(2) && { author: text() }), ...(next(2) && { type: text() }), ...(next(4) === 0 && { n: number() }) } }),
    ...(next(6) === 0 && { more: one([1, 'a', true]) })
  })
  const query = () => {
    const stages = next(8) ? [{ $filter: filter() }] : []
    const kind = next(6)
    if (kind === 0) stages.push({ $map: { author: ['value', 'author'], n: ['value', 'n'] } })
    if (kind === 1) stages.push({ $reduce: { type: ['value', 'type'], count: { $count: true }, n: { $collect: ['value', 'n'] } } })
    if (kind === 2) stages.push({ $sort: one([['time'], [['value', 'n'], 'time'], [['value', 'author'], ['value', 'n']]]) })
    return stages.length ? stages : [{ $filter: {} }]
  }

  const db = Flume(Log(join(folder, 'log')))
    .use('ours', Query(1, { indexes: INDEXES }))
    .use('npms', FlumeviewQuery(1, { indexes: INDEXES, exact: false }))
  const collect = source => new Promise((resolve, reject) => pull(source, pull.collect((err, all) => (err ? reject(err) : resolve(all)))))
  for (let size = 0; size < 500; ) {
    const more = Array.from({ length: 1 + next(100) }, record)
    await db.append(more)
    size += more.length
    for (let i = 0; i < 40; i++) {
      const options = { query: query(), reverse: next(2) === 0, ...(next(3) === 0 && { limit: 1 + next(30) }) }
      const want = await collect(db.npms.read(options))
      const got = await collect(db.ours.read(options))
      const about = `QUERY_SEED=${SEED}, ${size} records: ${JSON.stringify(options)}`
      const { index, scores } = db.ours.explain(options)
      const theirs = db.npms.explain(options)
      assert.equal(index, theirs.index, about)
      if (Object.keys(theirs.scores ?? {}).length) assert.deepEqual(scores, theirs.scores, about)
      assert.equal(JSON.stringify(got), JSON.stringify(want), about)
    }
  }
  await db.close()
})
