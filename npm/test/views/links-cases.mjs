// What Links does on every host, as cases that run in Node and in a page alike; see ../log/cases.mjs.

import { equal, random, refused, sleep, thrown, until } from './checks.mjs'

const indexes = [
  { key: 'SRD', value: ['source', 'rel', 'dest'] },
  { key: 'DRS', value: ['dest', 'rel', 'source'] },
  { key: 'RDS', value: ['rel', 'dest', 'source'] }
]
const states = [
  { name: 'START', moves: [{ on: 'read', to: 'READY' }, { on: 'error', to: 'ERROR' }, { on: 'end', to: 'END' }] },
  { name: 'READY', moves: [{ on: 'read', to: 'START' }, { on: 'error', to: 'ERROR' }, { on: 'end', to: 'END' }] },
  { name: 'ERROR' },
  { name: 'END', moves: [{ on: 'error', to: 'END' }] }
]
const links = { source: 'name', rel: { each: 'moves', at: 'on' }, dest: { each: 'moves', at: 'to' } }
const emit = ({ name, moves = [] }, emit) => moves.forEach(({ on, to }) => emit({ source: name, rel: on, dest: to }))
const link = (source, rel, dest) => ({ source, rel, dest })
const byNames = ({ source, rel, dest }) => link(source, rel, dest)

export const cases = {
  async 'finds links by paths and by a function alike' ({ open, Links }) {
    const db = open().use('paths', Links(1, { indexes, links })).use('made', Links(indexes, emit)).use('mine', Links('v1', { indexes, links: emit }))
    await db.append(states)
    for (const view of [db.paths, db.made, db.mine]) {
      const read = options => view.read(options).collect().then(all => all.map(byNames))
      equal(await read(), states.flatMap(state => (state.moves ?? []).map(({ on, to }) => link(state.name, on, to))))
      equal(await read({ query: { dest: 'ERROR' } }), [link('READY', 'error', 'ERROR'), link('START', 'error', 'ERROR')])
      equal(await read({ query: [{ $filter: { rel: { $prefix: 'e' }, source: 'START' } }], reverse: true }), [link('START', 'error', 'ERROR'), link('START', 'end', 'END')])
      equal(await read({ query: [{ $sort: ['dest', 'rel', 'source'] }], limit: 3 }), [link('READY', 'end', 'END'), link('START', 'end', 'END'), link('END', 'error', 'END')])
      equal(await view.read({ query: [{ $filter: { dest: 'END' } }, { $reduce: { rel: 'rel', count: { $count: true } } }] }).collect(), [
        { rel: 'end', count: 2 },
        { rel: 'error', count: 1 }
      ])
      equal(await view.read({ query: [{ $filter: { source: 'END' } }, { $map: 'dest' }] }).collect(), ['END'])
      equal(await view.read({ query: { source: 'END' }, unlinkedValues: true }).collect(), [{ name: 'END', moves: [{ on: 'error', to: 'END' }], source: 'END', rel: 'error', dest: 'END' }])
      equal(await view.explain({ query: { dest: 'END' } }), { index: indexes[1] })
      equal(await new Promise(resolve => view.explain({ query: [{ $filter: { rel: { $prefix: 'e' } } }] }, (err, data) => resolve(data))), { index: indexes[2] })
      equal(await view.explain(), {})
      equal((await view.get(['SRD', 'END', 'error', 'END', 3])).name, 'END')
      await refused(view.get(['SRD', 'END', 'error', 'END', 2]), 'NOT_FOUND', 'a key that is not there')
    }
    await db.close()
  },

  async 'a record may be the link, and nested' ({ open, Links }) {
    const db = open().use('v', Links(1, { indexes: [{ key: 'T', value: [['value', 'type'], 'key'] }], where: { key: { gt: 1 } } }))
    await db.append([{ key: 1, value: { type: 'a' } }, { key: 3, value: { type: 'b', more: 1 } }, { key: 2, value: { type: 'b', more: 2 } }, { key: 4 }])
    equal(await db.v.read({ query: { value: { type: 'b' } } }).collect(), [{ value: { type: 'b' }, key: 2 }, { value: { type: 'b' }, key: 3 }])
    equal(await db.v.read({ query: { value: { type: 'b' } }, unlinkedValues: true, limit: 1 }).collect(), [{ value: { more: 2, type: 'b' }, key: 2 }])
    equal(await db.v.read().collect(), [{ key: 3, value: { type: 'b', more: 1 } }, { key: 2, value: { type: 'b', more: 2 } }, { key: 4 }])
    await db.close()
  },

  async 'a read sees what was appended before it' ({ open, Links }) {
    const db = open().use('v', Links(1, { indexes: [{ key: 'K', value: ['k'] }] }))
    for (let k = 0; k < 60; k++) {
      await db.append({ k })
      equal(await db.v.read({ query: { k: { $gte: k } } }).collect(), [{ k }])
    }
    await db.close()
  },

  async 'reads live' ({ open, Links }) {
    const db = open().use('v', Links(1, { indexes, links }))
    await db.append(states.slice(0, 2))
    const all = []
    const heard = options => {
      const got = []
      all.push(db.v.read({ live: true, ...options }).subscribe(item => got.push(item.sync ? 'sync' : item.count ?? `${item.source} ${item.rel}`)))
      return got
    }
    const filtered = heard({ query: [{ $filter: { rel: 'error' } }] })
    const marked = heard({ query: { rel: 'error' } })
    const fresh = heard({ query: [{ $sort: ['dest', 'rel', 'source'] }], old: false, live: undefined })
    const counts = heard({ query: [{ $filter: { rel: 'error' } }, { $reduce: { count: { $count: true } } }] })
    const limited = heard({ query: [{ $filter: { rel: 'error' } }], limit: 3 })
    await until(() => filtered.length === 2 && marked.length === 3 && counts.length === 1 && limited.length === 2, 'what is there')
    await sleep(5)
    await db.append(states.slice(2))
    await db.append({ name: 'LAST', moves: [{ on: 'error', to: 'A' }, { on: 'end', to: 'B' }] })
    await until(() => filtered.length === 4 && fresh.length === 3 && counts.at(-1) === 4, 'what comes')
    equal(filtered, ['READY error', 'START error', 'END error', 'LAST error'])
    equal(marked, ['READY error', 'START error', 'sync', 'END error', 'LAST error'])
    equal(fresh, ['END error', 'LAST error', 'LAST end'])
    equal(limited, ['READY error', 'START error', 'END error'])
    for (const subscription of all) subscription.unsubscribe()
    const ends = []
    const over = (async () => {
      for await (const { source } of db.v.read({ live: true, query: { rel: 'end' }, sync: false })) ends.push(source)
    })()
    await until(() => ends.length === 3, 'all that end')
    await db.close()
    await over
    equal(ends.length, 3)
  },

  async 'its indexes are there when the log is opened again' ({ reopen, Links }) {
    const all = Array.from({ length: 3000 }, (_, i) => ({ from: i % 7, to: [i % 5, i % 11] }))
    const options = { indexes: [{ key: 'TF', value: ['to', 'from'] }], links: { from: 'from', to: { each: 'to' } } }
    const count = view => view.read({ query: [{ $filter: { to: 3 } }, { $reduce: { $count: true } }] }).collect()
    let db = reopen().use('v', Links(1, options))
    await db.append(all)
    const want = all.flatMap(({ to: [a, b] }) => (a === b ? [a] : [a, b])).filter(to => to === 3).length
    equal(await count(db.v), [want])
    await db.close()
    db = reopen().use('v', Links(1, options))
    const progress = []
    db.progress(p => progress.push(p))
    equal(await count(db.v), [want])
    equal(progress.every(p => p.seq === 2999), true, 'that nothing was built')
    await db.append({ from: 1, to: [3] })
    equal(await count(db.v), [want + 1])
    await db.close()
    db = reopen().use('v', Links(2, { ...options, links: { from: 'from', to: { value: 3 } } }))
    equal(await count(db.v), [3001], 'other links')
    await db.close()
  },

  async 'a large index is read page by page' ({ open, Links, seed }) {
    const next = random(seed)
    const db = open().use('v', Links(1, { indexes: [{ key: 'KN', value: ['k', 'n'] }, { key: 'N', value: ['n'] }] }))
    const all = Array.from({ length: 30_000 }, (_, n) => ({ k: `a key of a certain length, so that there are many bytes: ${next(50)}`, n }))
    for (let i = 0; i < all.length; i += 2000) await db.append(all.slice(i, i + 2000))
    const inOrder = [...all].sort((a, b) => (a.k < b.k ? -1 : a.k > b.k ? 1 : a.n - b.n))
    equal(await db.v.read({ query: [{ $filter: { k: { $ne: 1 } } }] }).collect(), inOrder)
    equal(await db.v.read({ query: [{ $filter: { n: { $gte: 100, $lt: 25_000 } } }], reverse: true }).collect(), all.slice(100, 25_000).map(({ n }) => ({ n })).reverse())
    equal(await db.v.read({ query: [{ $filter: { k: all[7].k, n: { $lt: 9000 } } }, { $map: 'n' }] }).collect(), all.slice(0, 9000).filter(({ k }) => k === all[7].k).map(({ n }) => n))
    await until(() => db.views.v.status.bytes > 1e6, 'the index in the store')
    equal((await db.v.read({ query: [{ $filter: { k: all[7].k } }], limit: 10 }).collect()).length, 10)
    await db.close()
  },

  async 'links of deleted records are gone' ({ open, Links }) {
    const db = open().use('v', Links(1, { indexes, links })).use('made', Links(indexes, emit))
    await db.append(states)
    await db.del(0)
    for (const view of [db.v, db.made]) {
      equal((await view.read({ query: { dest: 'ERROR' } }).collect()).map(byNames), [link('READY', 'error', 'ERROR')])
      equal((await view.read().collect()).length, 4)
    }
    await db.close()
  },

  async 'a mapper and a codec come before it' ({ Flume, Log, name, Links }) {
    const one = [{ key: 'N', value: ['n'] }]
    let db = Flume(Log(name()), null, (value, cb) => cb(null, { n: -value.n, was: value.n })).use('v', Links(1, { indexes: one })).use('made', Links(one, (v, emit) => emit(v)))
    await db.append([{ n: 1 }, { n: 3 }, { n: 2 }])
    for (const view of [db.v, db.made]) {
      equal(await view.read({ query: { n: { $lt: 0 } } }).collect(), [{ n: -3 }, { n: -2 }, { n: -1 }])
      equal(await view.read({ query: { n: -2 }, unlinkedValues: true }).collect(), [{ was: 2, n: -2 }])
      equal(await view.get(['N', -2, 2]), { n: -2, was: 2 })
    }
    await db.close()
    const text = new TextEncoder()
    const codec = { encode: value => text.encode('x' + JSON.stringify(value)), decode: bytes => JSON.parse(new TextDecoder().decode(bytes).slice(1)) }
    db = Flume(Log(name(), { codec })).use('v', Links(1, { indexes: one }))
    await db.append([{ n: 2 }, { n: 1 }])
    equal(await db.v.read({ query: [{ $sort: ['n'] }] }).collect(), [{ n: 1 }, { n: 2 }])
    await db.close()
  },

  async 'what is wrong is refused' ({ open, Links }) {
    thrown(() => Links(), 'INVALID_OPTION', 'nothing')
    thrown(() => Links(1), 'INVALID_OPTION', 'no options')
    thrown(() => Links([]), 'INVALID_OPTION', 'no indexes')
    thrown(() => Links(1, { indexes, links: emit, where: {} }), 'INVALID_OPTION', 'where beside a function')
    const db = open()
      .use('v', Links(1, { indexes, links }))
      .use('bad', Links(1, { indexes, links: { source: { every: 'x' } } }))
      .use('throws', Links(indexes, (value, emit) => emit({ source: value.moves.length })))
    await refused(db.bad.read({ query: { dest: 1 } }).collect(), 'INVALID_OPTION', 'a part that is none')
    await refused(db.bad.explain(), 'INVALID_OPTION', 'a part that is none')
    await refused(db.v.read({ above: 1 }).collect(), 'INVALID_OPTION', 'an unknown option')
    await refused(db.v.explain({ above: 1 }), 'INVALID_OPTION', 'an unknown option')
    await refused(db.v.read({ limit: 'x' }).collect(), 'INVALID_OPTION', 'a limit that is no number')
    await refused(db.v.read({ query: [{ $match: {} }] }).collect(), 'INVALID_OPTION', 'an unknown stage')
    await db.append(states)
    const err = await db.throws.read().collect().catch(err => err)
    equal([err.code, err.seq, err.view], ['VIEW', 2, 'throws'])
    equal((await db.v.read().collect()).length, 7)
    await db.close()
  }
}
