// The same reads of npm's views and of ours, on random logs, give the same answers wherever npm's are right. What differs
// by intent is listed in docs/views.md.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Flume, Hashtable, Level, Links, Log, Search } from 'flumedb-wasm'
import { random, seed } from './checks.mjs'

const require = createRequire(import.meta.url)
const PeerFlume = require('flumedb')
const OffsetLog = require('flumelog-offset')
const codec = { encode: value => Buffer.from(JSON.stringify(value)), decode: text => JSON.parse(text), buffer: false }

const folder = mkdtempSync(join(tmpdir(), 'flumedb-peers-'))
after(() => rmSync(folder, { recursive: true, force: true }))
console.log(`SEED=${seed}`)

let dbs = 0
/** npm's database and ours, with the same log and the views of `mount`. */
function both (mountPeer, mountOurs) {
  const at = join(folder, String(dbs++))
  mkdirSync(join(at, 'peer'), { recursive: true })
  const peer = mountPeer(PeerFlume(OffsetLog(join(at, 'peer', 'log.offset'), { codec })))
  const ours = mountOurs(Flume(Log(join(at, 'ours'))))
  const append = async records => {
    await promise(cb => peer.append(records, cb))
    await ours.append(records)
  }
  return { peer, ours, append }
}

const promise = run => new Promise((resolve, reject) => run((err, value) => (err ? reject(err) : resolve(value))))

const quiet = fn => (...args) => {
  const { emitWarning } = process
  process.emitWarning = () => {} // npm's use Buffer's old constructor
  try {
    return fn(...args)
  } finally {
    process.emitWarning = emitWarning
  }
}

test('Hashtable answers as flumeview-hashtable does, for keys that are there once', { timeout: 120_000 }, async () => {
  const next = random(seed)
  const PeerHashtable = quiet(require)('flumeview-hashtable')
  const hash = key => createHash('sha256').update(String(key)).digest().readUInt32BE(0)
  for (const getKey of [undefined, value => (value.key === undefined ? 'none' + value.n : `made ${value.key}`)]) {
    const { peer, ours, append } = both(
      db => quiet(() => db.use('v', PeerHashtable(1, hash, getKey, 16)))(),
      db => db.use('v', Hashtable(1, hash, getKey))
    )
    let n = 0
    const keys = []
    for (let round = 0; round < 12; round++) {
      const records = Array.from({ length: 1 + next(80) }, () => ({ key: ['k', 'é', 'a longer key '][next(3)] + n, n: n++, more: { x: next(100) } }))
      await append(records)
      keys.push(...records.map(value => value.key))
      for (let i = 0; i < 15; i++) {
        const key = next(4) ? keys[next(keys.length)] : `not there ${i}`
        const asked = getKey && key.startsWith('not') === false ? `made ${key}` : key
        const theirs = await promise(cb => peer.v.get(asked, cb)).catch(err => err.notFound)
        const own = await ours.v.get(asked).catch(err => err.notFound)
        assert.deepEqual(own, theirs, `${asked} after ${n}, SEED=${seed}`)
        assert.notEqual(own, undefined)
      }
    }
    await ours.close()
    await promise(cb => peer.close(cb))
  }
})

test('Search finds what flumeview-search finds', { timeout: 120_000 }, async () => {
  const next = random(seed)
  const PeerSearch = quiet(require)('flumeview-search')
  const pull = require('pull-stream')
  const letters = 'abcdeXYZ019_'
  const dictionary = Array.from({ length: 150 }, () => Array.from({ length: 1 + next(6) }, () => letters[next(letters.length)]).join(''))
  for (const minLength of [undefined, 2]) {
    const map = value => value.text
    const { peer, ours, append } = both(db => db.use('v', PeerSearch(1, minLength, map)), db => db.use('v', Search(1, minLength, map)))
    let n = 0
    for (let round = 0; round < 8; round++) {
      await append(
        Array.from({ length: 1 + next(60) }, () => ({
          n: n++,
          ...(next(8) && { text: Array.from({ length: next(12) }, () => dictionary[next(dictionary.length)] + [' ', ', ', '-', "'s "][next(4)]).join('') })
        }))
      )
      for (let i = 0; i < 20; i++) {
        // Theirs finds nothing for capital letters, and never ends where all words are too short.
        const words = Array.from({ length: 1 + next(3) }, () => dictionary[next(dictionary.length)].toLowerCase().slice(0, 1 + next(6)))
        if (!words.some(word => word.length >= (minLength ?? 3))) continue
        const query = words.join(' ')
        const theirs = await promise(cb => pull(peer.v.query({ query }), pull.collect(cb)))
        const own = await ours.v.query({ query }).collect()
        const inOrder = all => all.toSorted?.((a, b) => b.n - a.n) ?? [...all].sort((a, b) => b.n - a.n)
        assert.deepEqual(own, inOrder(theirs), `${query} after ${n}, SEED=${seed}`)
      }
    }
    await ours.close()
    await promise(cb => peer.close(cb))
  }
})

test('Level reads what flumeview-level reads', { timeout: 120_000 }, async () => {
  const next = random(seed)
  const PeerLevel = quiet(require)('flumeview-level')
  const charwise = require('charwise')
  const pull = require('pull-stream')
  const text = () => Array.from({ length: next(4) }, () => 'ab !"é'[next(6)]).join('')
  const key = (depth = 2) =>
    [() => null, () => !next(2), () => next(40) - 20, () => next(1000) / 8 - 50, text, text, () => (depth ? Array.from({ length: next(4) }, () => key(depth - 1)) : text())][next(7)]()
  const bound = () => (next(4) ? key() : [key(0), next(2) ? undefined : null])
  const taken = key => key !== null && key.length !== 0 // theirs takes no others
  const map = value => value.keys
  const { peer, ours, append } = both(db => db.use('v', PeerLevel(1, map)), db => db.use('v', Level(1, map)))
  let n = 0
  for (let round = 0; round < 10; round++) {
    await append(Array.from({ length: 1 + next(60) }, () => ({ n: n++, keys: Array.from({ length: next(4) }, () => key()).filter(taken) })))
    for (let i = 0; i < 40; i++) {
      const options = { seqs: false, ...(next(2) && { values: false }), ...(next(3) || { keys: false }), ...(next(2) && { reverse: true }), ...(next(2) && { limit: 1 + next(20) }) }
      if (options.keys === false) delete options.values
      if (next(3)) options[['gt', 'gte'][next(2)]] = bound()
      if (next(3)) options[['lt', 'lte'][next(2)]] = bound()
      // Theirs never ends where the bounds are the wrong way round.
      const [low, high] = [options.gt === undefined ? options.gte : options.gt, options.lt === undefined ? options.lte : options.lt]
      if (low !== undefined && high !== undefined && !(charwise.encode(low) < charwise.encode(high))) continue
      const own = await ours.v.read({ ...options }).collect()
      const theirs = await promise(cb => pull(peer.v.read({ ...options }), pull.collect(cb)))
      assert.deepEqual(own, theirs, `${JSON.stringify(options)} after ${n}, SEED=${seed}`)
      const one = key()
      if (!taken(one)) continue
      const found = await promise(cb => peer.v.get(one, cb)).catch(err => err.notFound)
      assert.deepEqual(await ours.v.get(one).catch(err => err.notFound), found, `${JSON.stringify(one)}, SEED=${seed}`)
    }
  }
  await ours.close()
  await promise(cb => peer.close(cb))
})

test('Links reads what flumeview-links reads', { timeout: 120_000 }, async () => {
  const next = random(seed)
  const PeerLinks = quiet(require)('flumeview-links')
  const pull = require('pull-stream')
  const one = list => list[next(list.length)]
  const indexes = [
    { key: 'SRD', value: ['source', 'rel', 'dest'] },
    { key: 'DRS', value: ['dest', 'rel', 'source'] },
    { key: 'RDS', value: ['rel', 'dest', 'source'] },
    { key: 'N', value: [['at', 'n'], 'rel'] }
  ]
  const names = ['a', 'ab', 'abc', 'b', 'ba', 'c', 'd"!', 'é']
  const rels = ['x', 'xy', 'y', true, false, 7]
  const emit = (value, emit) => {
    for (const link of value.links) emit(link)
  }
  const link = () => ({
    ...(next(9) && { source: one(names) }),
    ...(next(9) && { rel: one(rels) }),
    ...(next(9) && { dest: one(names) }),
    ...(next(3) && { at: { n: next(30) - 10 } })
  })
  const rule = values => one([() => one(values), () => ({ $prefix: one(['a', 'ab', 'x', 'b']) }), () => one(values)])() // theirs throws at other operators
  const bounds = () => one([() => next(30) - 10, () => ({ $gte: next(20) - 8, $lt: next(30) }), () => ({ $gt: next(20) }), () => ({ $lte: next(20) })])()
  const filter = () => ({
    ...(next(2) && { source: rule(names) }),
    ...(next(2) && { rel: rule(rels) }),
    ...(next(2) && { dest: rule(names) }),
    ...(next(4) || { at: { n: bounds() } })
  })
  const stages = () => [
    { $filter: filter() },
    ...one([() => [], () => [], () => [{ $reduce: { rel: 'rel', count: { $count: true } } }], () => [{ $map: { from: 'source', n: ['at', 'n'] } }], () => [{ $sort: one(indexes).value }]])()
  ]
  for (const toOurs of [() => Links(indexes, emit), () => Links(1, { indexes, links: { source: part('source'), rel: part('rel'), dest: part('dest'), at: part('at') } })]) {
    const { peer, ours, append } = both(db => db.use('v', PeerLinks(indexes, emit)), db => db.use('v', toOurs()))
    const read = (options, view = peer.v) => promise(cb => pull(view.read(structuredClone(options)), pull.collect(cb)))
    const check = async (options, title) => {
      const theirs = JSON.parse(JSON.stringify(await read(options))) // without what is undefined
      assert.deepEqual(await ours.v.read(structuredClone(options)).collect(), theirs, `${title ?? JSON.stringify(options)}, SEED=${seed}`)
    }
    let compared = 0
    for (let round = 0; round < 8; round++) {
      await append(Array.from({ length: 1 + next(40) }, () => ({ links: Array.from({ length: next(4) }, link), other: next(100) })))
      for (let i = 0; i < 40; i++) {
        const options = { query: stages(), ...(next(2) && { reverse: true }), ...(next(3) || { limit: 1 + next(10) }) }
        // Without an index theirs reads the log, and leaves the query out.
        const explained = await promise(cb => peer.v.explain(structuredClone(options), cb))
        assert.deepEqual((await ours.v.explain(options)).index, explained.index, `${JSON.stringify(options)}, SEED=${seed}`)
        if (!explained.index) continue
        compared++
        await check(options)
        if (options.query.length === 1) await check({ ...options, unlinkedValues: true })
      }
      await check({})
      await check({ reverse: true, limit: 0 })
    }
    assert.ok(compared > 100, `only ${compared} reads were compared`)
    await ours.close()
    await promise(cb => peer.close(cb))
  }
  function part (name) {
    return { each: 'links', at: name }
  }
})
