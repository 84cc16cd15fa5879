// Query beside npm map-filter-reduce, on random records and random queries: with and without indexes, from both ends,
// live and not, at every length of the log. QUERY_SEED repeats a run.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { Flume, Log, Query } from 'flumedb-wasm'
import { random } from './checks.mjs'

const require = createRequire(import.meta.url)
const make = require('map-filter-reduce/make')
const typewise = require('typewiselite')

const SEED = Number(process.env.QUERY_SEED ?? (Date.now() & 0xfffff))

/** Random records and queries, for which npm's answers are those of docs/views-query.md. */
function generator(seed) {
  const next = random(seed)
  const one = list => list[next(list.length)]
  const some = (most, make) => Array.from({ length: next(most + 1) }, make)
  const scalars = [null, true, false, 0, 1, -1, 2.5, 7, '', 'a', 'b', 'ab', 'é', '10', '😀', ' 3 ']
  const scalar = () => one(scalars)
  const value = () => (next(4) ? scalar() : one([[], [1], ['a', 1], ['a', 'b'], {}, { e: 1 }]))

  const record = () => ({
    n: next(20) - 5, // always a number
    ...(next(5) && { s: one(['a', 'b', 'ab', 'abc', 'c', 'é😀']) }),
    ...(next(4) && { v: value() }),
    ...(next(6) && { d: next(8) ? { ...(next(4) && { e: scalar() }), f: next(4), g: some(3, scalar) } : scalar() }),
    list: some(3, scalar),
    t: 1500000000000 + next(1000) / 4
  })

  const operators = [
    () => ({ [one(['$lt', '$lte', '$gt', '$gte'])]: scalar() }),
    () => ({ $gte: next(10) - 5, $lt: next(10) }),
    () => ({ [one(['$eq', '$ne'])]: scalar() }),
    () => ({ $not: true }),
    () => ({ $truthy: true }),
    () => ({ $prefix: one(['', 'a', 'ab', 'é']) }),
    () => ({ $is: one(['string', 'number', 'boolean', 'object', 'undefined']) }),
    () => ({ $in: some(4, scalar) }),
    () => ({ $int: true }),
    () => ({ $gt: one(['', 'a']), $prefix: 'a' })
  ]
  const leaf = () => (next(3) ? one(operators)() : scalar())
  const paths = ['n', 's', 'v', 't', 'list', 'd', 'none']
  const filters = [
    () => ({ [one(paths)]: leaf() }),
    () => ({ s: one(['a', 'b', 'ab']), [one(['n', 'v', 't'])]: leaf() }),
    () => ({ d: { [one(['e', 'f', 'none'])]: leaf() } }),
    () => ({ d: { e: leaf(), f: leaf() }, n: leaf() }),
    () => ({ d: { g: [leaf(), leaf()] } }),
    () => ({ list: [leaf()] }),
    () => ({ list: { length: leaf() } }),
    () => ({ s: { length: next(4), 0: leaf() } }),
    () => ({ d: {} }),
    () => ({ t: { $gte: 1500000000000 + next(200), $lt: 1500000000100 + next(200) } }),
    () => ({ v: { $get: ['e'] } }),
    () => ({ n: { $mod: 2 } })
  ]
  const filter = () => ({ $filter: one(filters)() })

  const path = () => one(['n', 's', 'v', 't', ['d', 'e'], ['d', 'f'], ['d', 'g', 'length'], ['list', 0], ['list', -1], ['s', 'length'], 'none', true])
  const rule = () => (next(3) ? path() : [one(['n', 's', 'v']), one(operators.filter(make => !('$in' in make())))()])
  const $map = () => (next(4) ? { n: true, s: true, x: rule(), y: { z: rule(), v: true } } : path())
  // Keys that typewise can sort: no objects, and arrays last, since equal ones end npm's comparison.
  const key = () => one(['n', 's', ['d', 'f'], ['d', 'g', 'length'], ['n', { $mod: 3 }], ['s', { $type: true }], ['n', { $gt: 3 }]])
  const gathered = () => ({ c: { $count: true }, total: { $sum: path() }, most: { $max: 'n' }, least: { $min: 't' }, all: { $collect: path() } })
  const $reduce = () =>
    one([
      () => ({ k: key(), ...gathered() }),
      () => ({ k: key(), under: { l: key(), ...gathered() } }),
      () => ({ k: key(), under: { $reduce: { l: key(), c: { $count: true } } } }),
      () => ({ k: key(), l: key(), m: 'list' }),
      () => gathered(),
      () => ({ $count: true }),
      () => ({ $sum: one(['n', 'v', 't']) }),
      () => ({ $collect: path() })
    ])()
  const $sort = () => one([['n', 't'], [['t']], ['s', 'n'], [['d', 'f'], { $reverse: ['n'] }], [{ $reverse: 'n' }]])

  const query = () => {
    const stages = some(2, filter)
    const kind = next(8)
    if (kind === 0) stages.push({ $sort: $sort() })
    if (kind === 1) stages.push({ $sort: $sort() }, { $map: $map() })
    if (kind === 2 || kind === 3) stages.push({ $map: $map() })
    if (kind > 4) stages.push({ $reduce: $reduce() })
    if (kind === 7) stages.push({ $filter: { c: { $gt: 1 } } })
    return stages
  }
  return { next, one, record, query }
}

const get = (value, path) => [path].flat().reduce((v, name) => v?.[name], value)

/** Sorts as compare-at-paths does, but that each path has its own direction, and null is not undefined. */
const sorted = (records, keys) =>
  records.slice().sort((a, b) => {
    for (const key of keys) {
      const path = key.$reverse ?? key
      const d = typewise(get(a, path), get(b, path))
      if (d) return key.$reverse ? -d : d
    }
    return 0
  })

/** What npm's stages make of the records, each by npm's own function; docs/views-query.md has what is put right here. */
function expected(records, query) {
  return query.reduce((values, stage) => {
    if (stage.$filter !== undefined) return values.filter(make(stage))
    if (stage.$map !== undefined) return values.map(make(stage)).filter(value => value != null && value === value)
    if (stage.$sort) return sorted(values, stage.$sort)
    if (!values.length) return [empty(stage.$reduce)].filter(value => value !== undefined)
    const reduced = values.reduce(make(stage), null)
    const grouped = typeof stage.$reduce === 'object' && !Object.keys(stage.$reduce).some(name => name[0] === '$') && Array.isArray(reduced)
    return grouped ? reduced : [reduced]
  }, records)
}

function empty(rule) {
  const name = Object.keys(rule)[0]
  if (name[0] === '$') return { $count: 0, $sum: 0, $collect: [] }[name]
  if (rule.k || rule.l) return undefined
  return { c: 0, total: 0, most: null, least: null, all: [] }
}

/** The same after JSON: what is undefined there is not, or null. */
const text = values => JSON.stringify(values.map(value => value ?? null))

const ready = view => new Promise((resolve, reject) => view.ready(err => (err ? reject(err) : resolve())))

const INDEXES = [
  { key: 'n', value: ['n'] },
  { key: 'sn', value: ['s', 'n'] },
  { key: 'de', value: [['d', 'e'], 't'] },
  { key: 'st', value: ['s', ['d', 'f'], 't'] }
]

/** The records in the order in which a query comes to them, and the index that it takes. */
function walk(view, stages, records) {
  const { index } = view.explain({ query: stages })
  const order = INDEXES.find(({ key }) => key === index)
  return { index, walked: order ? sorted(records, order.value) : records.slice() }
}

describe(`Query and map-filter-reduce, QUERY_SEED=${SEED}`, () => {
  test('the same answers at every length of the log', { timeout: 300_000 }, async () => {
    const { next, record, query } = generator(SEED)
    for (let round = 0; round < 4; round++) {
      const db = Flume(Log.memory()).use('scans', Query(1)).use('indexed', Query(1, { indexes: INDEXES }))
      const records = []
      while (records.length < 400) {
        const more = Array.from({ length: 1 + next(120) }, record)
        records.push(...more)
        await db.append(more)
        for (let i = 0; i < 40; i++) {
          const stages = query()
          const reverse = next(2) === 0
          const limit = next(3) === 0 ? 1 + next(20) : 0
          const gt = next(4) === 0 ? next(records.length) - 1 : -1
          await ready(db.indexed)
          await ready(db.scans)
          const part = records.slice(gt + 1)
          for (const name of ['scans', 'indexed']) {
            const { index, walked } = walk(db[name], stages, part)
            const want = expected(reverse ? walked.reverse() : walked, stages).slice(0, limit || Infinity)
            const got = await db[name].read({ query: stages, reverse, limit, gt }).collect()
            assert.equal(text(got), text(want), `QUERY_SEED=${SEED} round ${round}, ${records.length} records, ${name} by ${index}: ${JSON.stringify({ query: stages, reverse, limit, gt })}`)
          }
        }
      }
      await db.close()
    }
  })

  test('live, the same answers as at the end', { timeout: 300_000 }, async () => {
    const { next, record, query } = generator(SEED + 1)
    const db = Flume(Log.memory()).use('q', Query(1, { indexes: INDEXES.slice(0, next(3)) }))
    const records = Array.from({ length: next(50) }, record)
    if (records.length) await db.append(records)
    await ready(db.q)
    const live = []
    for (let i = 0; i < 30; i++) {
      const stages = query()
      const whole = stages.some(stage => stage.$reduce !== undefined || stage.$sort)
      const old = next(2) === 0
      const from = old ? 0 : records.length
      const got = []
      const source = db.q.read({ query: stages, live: true, old, sync: true })
      const over = source.subscribe({ next: item => got.push(item) })
      live.push({ stages, whole, from, got, over, old })
    }
    await new Promise(resolve => setTimeout(resolve, 20))
    for (let i = 0; i < 30; i++) {
      const more = Array.from({ length: 1 + next(5) }, record)
      records.push(...more)
      await db.append(more)
    }
    for (const { stages, whole, from, got, over } of live) {
      const want = expected(walk(db.q, stages, records.slice(from)).walked, stages)
      const end = () => {
        if (!whole) return text(got.filter(item => item?.sync !== true).sort(byText)) === text(want.sort(byText))
        const marks = got.flatMap((item, i) => (item?.sync === true ? [i] : []))
        return text(got.slice((marks.at(-2) ?? -1) + 1, marks.at(-1))) === text(want)
      }
      for (let waited = 0; !end(); waited += 5) {
        if (waited > 20_000) assert.equal(text(got), text(want), `QUERY_SEED=${SEED} live: ${JSON.stringify(stages)}`)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      over.unsubscribe()
    }
    await db.close()
  })
})

const byText = (a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
