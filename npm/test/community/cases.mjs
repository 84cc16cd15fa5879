// What people of flumedb do with it, as cases that run in Node and in a page alike: our Flume on their logs, their flumedb
// on ours, and their views on ours. A case gets `ours` and `theirs`, the packages; `logs`, functions that open a log of a
// kind on a name; and `name`, which gives a new one. It throws where something is not as it should be.

const equal = (got, want, what = '') => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)]
  if (a !== b) throw new Error(`${what} is ${a?.slice(0, 500)}, not ${b?.slice(0, 500)}`)
}
/** What a function calls back with: the value, or all of them. */
const answers = run => new Promise((resolve, reject) => run((err, ...values) => err ? reject(err) : resolve(values)))
const promise = async run => (await answers(run))[0]
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

/** Waits until something is so. What is live comes when it comes. */
async function until (is, what) {
  for (let waited = 0; !is(); waited++) {
    if (waited === 2000) throw new Error(`never came: ${what}`)
    await sleep(5)
  }
}

export const cases = {}

/** Everything of the flumelog contract, with callbacks and pull-streams alone, which is all that their flumedb has. */
async function exercise ({ theirs: { pull }, Flume, Reduce, log, hasReopen, isCursor }) {
  const collect = source => promise(cb => pull(source, pull.collect(cb)))
  const sum = () => Reduce(1, (sum, { n }) => (sum ?? 0) + n)

  let db = Flume(log()).use('sum', sum())
  await promise(cb => db.since.once(since => cb(null, since)))
  equal(db.since.value, -1, 'since of an empty log')
  equal(await collect(db.stream({})), [], 'the records of an empty log')

  const first = await promise(cb => db.append({ n: 1 }, cb))
  equal(db.since.value, first, 'since when an append is answered')
  const last = await promise(cb => db.append([{ n: 2 }, { n: 3 }, { n: 4 }], cb))
  equal(db.since.value, last, 'since when a batch is answered')

  const all = await collect(db.stream({}))
  equal(all.map(item => item.value), [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }], 'all records')
  equal([all[0].seq, all[3].seq], [first, last], 'their seqs')
  for (const { seq, value } of all) equal(await promise(cb => db.get(seq, cb)), value, `get ${seq}`)

  const bounds = all.flatMap(({ seq }) => [{ gt: seq }, { gte: seq }, { lt: seq }, { lte: seq }])
  for (const bound of [{}, { gt: -1 }, ...bounds, { gt: all[0].seq, lt: all[3].seq }, { gte: all[1].seq, lte: all[2].seq }]) {
    const within = all.filter(({ seq }) => !(seq <= bound.gt || seq < bound.gte || seq >= bound.lt || seq > bound.lte))
    // Backwards, pull-cursor gives one record too many where the range begins at the newest.
    for (const reverse of isCursor && (bound.gte ?? bound.gt) === last ? [false] : [false, true]) {
      for (const limit of [-1, 1, 2]) {
        const ordered = reverse ? [...within].reverse() : within
        const wanted = limit > 0 ? ordered.slice(0, limit) : ordered
        for (const [shape, of] of [[{}, item => item], [{ seqs: false }, item => item.value], [{ values: false }, item => item.seq]]) {
          const options = { ...bound, reverse, limit, ...shape }
          equal(await collect(db.stream({ ...options })), wanted.map(of), `stream ${JSON.stringify(options)}`)
        }
      }
    }
  }

  const live = []
  const fresh = []
  pull(db.stream({ gt: all[2].seq, live: true, seqs: false, sync: false }), pull.drain(({ n }) => live.push(n), () => {}))
  pull(db.stream({ old: false, live: true, seqs: false, sync: false }), pull.drain(({ n }) => fresh.push(n), () => {}))
  await until(() => live.length, 'the record that was there before the live stream')
  await promise(cb => db.append({ n: 5 }, cb))
  await promise(cb => db.append([{ n: 6 }, { n: 7 }], cb))
  await until(() => live.length === 4 && fresh.length === 3, 'the records that came after the live streams')
  equal([live, fresh], [[4, 5, 6, 7], [5, 6, 7]], 'what the live streams gave')

  equal(await promise(cb => db.sum.get(cb)), 28, 'the view')
  await promise(cb => db.rebuild(cb))
  equal(await promise(cb => db.sum.get(cb)), 28, 'the view, built again')
  const since = db.since.value
  await promise(cb => db.close(cb))
  if (!hasReopen) return

  db = Flume(log()).use('sum', sum())
  equal(await promise(cb => db.sum.get(cb)), 28, 'the view, opened again')
  equal(db.since.value, since, 'since, opened again')
  equal((await collect(db.stream({ seqs: false }))).map(({ n }) => n), [1, 2, 3, 4, 5, 6, 7], 'the records, opened again')
  await promise(cb => db.append({ n: 8 }, cb))
  equal(await promise(cb => db.sum.get(cb)), 36, 'the view, with one record more')
  await promise(cb => db.close(cb))
}

// flumelog-level cannot be closed, and so not be opened again.
for (const [kind, title, hasReopen] of [['memory', 'flumelog-memory', false], ['memoryFile', 'flumelog-memory with a file', true], ['offset', 'flumelog-offset', true], ['level', 'flumelog-level', false]])
  for (const reduce of ['ours', 'theirs'])
    cases[`our Flume on ${title}, ${reduce === 'ours' ? 'our Reduce' : 'flumeview-reduce'}`] = {
      logs: [kind],
      run: ({ ours, theirs, logs, name }) => {
        const at = name()
        return exercise({ theirs, Flume: ours.Flume, Reduce: reduce === 'ours' ? ours.Reduce : theirs.Reduce, log: () => logs[kind](at), hasReopen, isCursor: kind !== 'level' })
      }
    }

for (const [kind, title, hasReopen] of [['ours', 'our Log', true], ['oursInMemory', 'Log.memory', false]])
  for (const flume of ['ours', 'theirs'])
    cases[`${flume === 'ours' ? 'our Flume' : 'flumedb'} on ${title}, flumeview-reduce`] = {
      logs: [kind],
      run: ({ ours, theirs, logs, name }) => {
        const at = name()
        return exercise({ theirs, Flume: flume === 'ours' ? ours.Flume : theirs.Flume, Reduce: theirs.Reduce, log: () => logs[kind](at), hasReopen })
      }
    }

const texts = ['hello world', 'goodbye world', 'hello again', 'the end']
const record = n => ({ key: `k${n}`, author: 'abc'[n % 3], n, text: texts[n % 4], to: [`k${n + 1}`, `k${n + 2}`] })
const records = (count, first) => Array.from({ length: count }, (_, i) => record(first + i))
const hash = key => [...key].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7)

/** A database with all of npm's views, and how often those that tell by it have been given a record. */
function withViews ({ theirs: { Reduce, Level, Query, Links, Search, Hashtable } }, Flume, log) {
  const counted = { given: 0 }
  const count = fn => (...args) => {
    counted.given++
    return fn(...args)
  }
  const db = Flume(log)
    .use('sum', Reduce(1, count((sum, { n }) => (sum ?? 0) + n)))
    .use('byAuthor', Level(1, count(({ author, n }) => [[author, n]])))
    .use('query', Query(1, { indexes: [{ key: 'an', value: ['author', 'n'] }], map: record => record }))
    .use('links', Links([{ key: 'td', value: ['to', 'from'] }], count(({ key, to }, emit) => to.forEach(to => emit({ from: key, to })))))
    .use('search', Search(1, 3, count(({ text }) => text)))
  if (Hashtable) db.use('byKey', Hashtable(1, hash, ({ key }) => key, 64))
  return { db, counted }
}

/** What all views say of so many records, from the `first` on. */
async function checkViews ({ pull }, db, count, first = 0) {
  const collect = source => promise(cb => pull(source, pull.collect(cb)))
  const all = records(count, first)
  const seqOf = n => n - first
  const of = author => all.filter(record => record.author === author)

  equal(await promise(cb => db.sum.get(cb)), all.reduce((sum, { n }) => sum + n, 0), 'flumeview-reduce')

  const { author, n } = all[4]
  equal(await answers(cb => db.byAuthor.get([author, n], cb)), [record(n), 4], 'flumeview-level get')
  equal((await promise(cb => db.byAuthor.get([author, n + 1], cb)).catch(err => err)).notFound, true, 'flumeview-level get of a key that is not there')
  equal(await collect(db.byAuthor.read({ gte: ['b'], lt: ['c'], keys: false, seqs: false })), of('b'), 'flumeview-level read')
  equal(await collect(db.byAuthor.read({ reverse: true, limit: 2, values: false })), of('c').reverse().slice(0, 2).map(({ n }) => ({ key: ['c', n], seq: seqOf(n) })), 'flumeview-level read backwards')

  equal(await collect(db.query.read({ query: [{ $filter: { author: 'a', n: { $gt: first + 2 } } }, { $map: 'n' }] })), of('a').map(({ n }) => n).filter(n => n > first + 2), 'flumeview-query by an index')
  equal(await collect(db.query.read({ query: [{ $filter: { text: 'the end' } }, { $map: 'n' }] })), all.filter(({ text }) => text === 'the end').map(({ n }) => n), 'flumeview-query by a scan')
  equal(await collect(db.query.read({ query: [{ $reduce: { author: 'author', count: { $count: true } } }] })), ['a', 'b', 'c'].map(author => ({ author, count: of(author).length })), 'flumeview-query with a reduce')
  equal([db.query.explain({ query: [{ $filter: { author: 'a' } }] }).index, db.query.explain({ query: [{ $filter: { text: 'x' } }] }).scan], ['an', true], 'flumeview-query explain')

  equal(await collect(db.links.read({ query: [{ $filter: { to: `k${first + 3}` } }] })), [1, 2].map(n => ({ to: `k${first + 3}`, from: `k${first + n}` })), 'flumeview-links')

  const found = await collect(db.search.query({ query: 'hello world', values: false }))
  equal(found.sort((a, b) => a - b), all.filter(({ text }) => text === 'hello world').map(({ n }) => seqOf(n)), 'flumeview-search')

  if (db.byKey) for (const record of [all[0], all.at(-1)]) equal(await answers(cb => db.byKey.get(record.key, cb)), [record, seqOf(record.n) + 1], 'flumeview-hashtable')
}

for (const flume of ['ours', 'theirs'])
  cases[`npm's views on our Log with ${flume === 'ours' ? 'our Flume' : 'flumedb'}`] = {
    logs: ['ours'],
    async run ({ ours, theirs, logs, name, removed }) {
      const Flume = (flume === 'ours' ? ours : theirs).Flume
      const at = name()
      const { pull } = theirs

      let { db, counted } = withViews({ theirs }, Flume, logs.ours(at))
      const live = []
      const source = db.byAuthor.read({ gt: ['a', 0], lt: ['b'], live: true, old: true, sync: false, keys: false, seqs: false })
      pull(source, pull.drain(({ n }) => live.push(n), () => {}))
      await promise(cb => db.append(record(0), cb))
      await promise(cb => db.append(records(19, 1), cb))
      await checkViews(theirs, db, 20)
      await until(() => live.length === 6, 'the records of a live view')
      equal(live, [3, 6, 9, 12, 15, 18], 'what a live view gave')
      equal(db.byAuthor.since.value, 19, 'since of a view')
      await promise(cb => db.close(cb))

      ;({ db, counted } = withViews({ theirs }, Flume, logs.ours(at)))
      await checkViews(theirs, db, 20)
      equal(counted.given, 0, 'how many records are read once more by views that kept their state')
      await promise(cb => db.append(record(20), cb))
      await checkViews(theirs, db, 21)
      await promise(cb => db.close(cb))

      // flumeview-hashtable never says that it is destroyed, and so no rebuild with it ends.
      ;({ db, counted } = withViews({ theirs: { ...theirs, Hashtable: undefined } }, Flume, logs.ours(at)))
      if (flume === 'theirs') await checkViews(theirs, db, 21) // flumedb must not rebuild views that are still loading
      await promise(cb => db.rebuild(cb))
      equal(flume === 'ours' ? counted.given : Math.min(counted.given, 4 * 21), 4 * 21, 'how many records a rebuild gave to views') // flumedb may give some twice
      await checkViews(theirs, db, 21)
      await promise(cb => db.close(cb))

      // What is left of a deleted log must not be taken for its successor's.
      await removed(at)
      const successor = Flume(logs.ours(at))
      await promise(cb => successor.append(records(30, 100), cb))
      await promise(cb => successor.close(cb))
      ;({ db, counted } = withViews({ theirs }, Flume, logs.ours(at)))
      await checkViews(theirs, db, 30, 100)
      await promise(cb => db.close(cb))
    }
  }
