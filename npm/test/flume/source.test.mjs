import assert from 'node:assert/strict'
import { test } from 'node:test'
import pull from 'pull-stream'
import { concatMap, delay, firstValueFrom, from, lastValueFrom, of, take, toArray } from 'rxjs'
import { FlumeError, createSource, failure, lib, numbers, pending, sleep, task, uncaught, until } from './helpers.mjs'

/** A reader over `batches`, counting. `how` answers each next: 'sync', 'later', or by hand through `reader.give()`. */
function stage(batches, how = 'sync', end = true) {
  const stats = { opened: 0, open: 0, asked: 0, waiting: null, closedWith: [] }
  stats.open_ = () => {
    stats.opened++
    stats.open++
    let i = 0
    return {
      next(cb) {
        stats.asked++
        const give = () => {
          stats.waiting = null
          if (i < batches.length) return cb(null, batches[i++])
          stats.open--
          cb(end)
        }
        if (how === 'sync') give()
        else if (how === 'later') setImmediate(give)
        else stats.waiting = give
      },
      close(why, cb) {
        stats.open--
        stats.closedWith.push(why)
        setImmediate(cb)
      }
    }
  }
  stats.source = (enlist) => createSource(stats.open_, enlist)
  return stats
}

const collectPull = source => new Promise((resolve, reject) => pull(source, pull.collect((err, all) => (err ? reject(err) : resolve(all)))))
const read = source => new Promise(resolve => source(null, (end, item) => resolve(end ? { end } : { item })))

for (const how of ['sync', 'later']) {
  const batches = [[1, 2, 3], [4], [5, 6]]
  const all = [1, 2, 3, 4, 5, 6]

  test(`every way of reading gives all items, then the end (${how})`, async () => {
    const s = stage(batches, how)
    const source = s.source()
    assert.deepEqual(await source.collect(), all)
    const iterated = []
    for await (const item of source) iterated.push(item)
    assert.deepEqual(iterated, all)
    const sizes = []
    for await (const batch of source.batches()) sizes.push(batch)
    assert.deepEqual(sizes, batches)
    const streamed = []
    for await (const item of source.toReadableStream()) streamed.push(item)
    assert.deepEqual(streamed, all)
    const observed = await new Promise((resolve, error) => {
      const seen = []
      source.subscribe({ next: v => seen.push(v), complete: () => resolve(seen), error })
    })
    assert.deepEqual(observed, all)
    assert.deepEqual(await lastValueFrom(from(source).pipe(toArray())), all)
    assert.deepEqual(await collectPull(source), all)
    assert.equal(s.open, 0)
    assert.equal(s.opened, 7)
    assert.deepEqual(s.closedWith, [])
    // As a pull-stream it is used up.
    assert.deepEqual(await read(source), { end: true })
    assert.equal(s.opened, 7)
  })

  test(`every way of reading gives the error after the items before it (${how})`, async () => {
    const broken = new FlumeError('CORRUPT', 'damaged', { seq: 3 })
    const s = stage([[1, 2], [3]], how, broken)
    const source = s.source()
    assert.equal(await failure(source.collect()), broken)
    const seen = []
    const catching = async items => {
      seen.length = 0
      for await (const item of items) seen.push(item)
    }
    assert.equal(await failure(catching(source)), broken)
    assert.deepEqual(seen, [1, 2, 3])
    assert.equal(await failure(catching(source.toReadableStream())), broken)
    assert.deepEqual(seen, [1, 2, 3])
    assert.equal(await failure(lastValueFrom(from(source).pipe(toArray()))), broken)
    assert.equal(await failure(collectPull(source)), broken)
    assert.equal(s.open, 0)
  })

  test(`leaving early releases the reader, once (${how})`, async () => {
    const s = stage(batches, how)
    const source = s.source()
    for await (const item of source) if (item === 2) break
    assert.equal(s.open, 0)
    await assert.rejects(async () => {
      for await (const item of source) throw new Error('stop ' + item)
    }, /stop 1/)
    assert.equal(s.open, 0)
    for await (const _ of source.batches()) break
    assert.equal(s.open, 0)
    const stream = source.toReadableStream()
    const reader = stream.getReader()
    assert.deepEqual(await reader.read(), { done: false, value: 1 })
    await reader.cancel()
    assert.equal(s.open, 0)
    assert.deepEqual(await firstValueFrom(from(source).pipe(take(2), toArray())), [1, 2])
    assert.equal(s.open, 0)
    assert.deepEqual(await collectPull(pull(source, pull.take(2))), [1, 2])
    await task()
    assert.equal(s.open, 0)
    assert.equal(s.closedWith.length, 6)
  })

  test(`100,000 items read by a caller that asks from its callback keep the stack flat (${how})`, async () => {
    const s = stage(numbers(100).map(i => numbers(1000).map(j => i * 1000 + j)), how)
    const source = s.source()
    let count = 0
    await new Promise((resolve, reject) => {
      source(null, function next(end, item) {
        if (end) return end === true ? resolve() : reject(end)
        assert.equal(item, count++)
        source(null, next)
      })
    })
    assert.equal(count, 100_000)
  })

  test(`100,000 batches of one item keep the stack flat (${how})`, async () => {
    let i = 0
    const one = createSource(() => ({
      next: cb => (how === 'sync' ? give(cb) : queueMicrotask(() => give(cb))),
      close: (_, cb) => cb?.()
    }))
    const give = cb => (i < 100_000 ? cb(null, [i++]) : cb(true))
    let count = 0
    await new Promise(resolve => one(null, function next(end) {
      if (end) return resolve()
      count++
      one(null, next)
    }))
    assert.equal(count, 100_000)
  })
}

test('nothing is opened before the first item is asked for', async () => {
  const s = stage([[1]])
  const source = s.source()
  source[Symbol.asyncIterator]()
  source.batches()
  source.toReadableStream()
  source.subscribe(() => {}).unsubscribe()
  await task()
  assert.equal(s.opened, 0)
  await source.toReadableStream().cancel()
  await source[Symbol.asyncIterator]().return()
  await new Promise(resolve => source(true, resolve))
  assert.equal(s.opened, 0)
})

test('an error while opening is the end', async () => {
  const source = createSource(() => { throw new FlumeError('STORE', 'no') })
  assert.equal((await failure(source.collect())).code, 'STORE')
  assert.equal((await read(source)).end.code, 'STORE')
})

test('one read is outstanding at a time, and a batch is asked for only when the last is used up', async () => {
  const s = stage([[1, 2], [3, 4], [5]], 'by hand')
  const source = s.source()
  const first = read(source)
  await task()
  assert.equal(s.asked, 1)
  s.waiting()
  assert.deepEqual(await first, { item: 1 })
  assert.deepEqual(await read(source), { item: 2 })
  await task()
  assert.equal(s.asked, 1)
  const third = read(source)
  assert.throws(() => source(null, () => {}), { code: 'INVALID_OPTION' })
  await until(() => s.waiting)
  assert.equal(s.asked, 2)
  s.waiting()
  assert.deepEqual(await third, { item: 3 })
})

test('back-pressure: no way of reading runs ahead of its consumer', async () => {
  const ways = {
    iterator: source => {
      const it = source[Symbol.asyncIterator]()
      return async () => (await it.next()).value
    },
    stream: source => {
      const reader = source.toReadableStream().getReader()
      return async () => (await reader.read()).value
    },
    pull: source => async () => (await read(source)).item
  }
  for (const [way, make] of Object.entries(ways)) {
    const s = stage(numbers(50).map(i => [i]))
    const next = make(s.source())
    for (let i = 0; i < 3; i++) assert.equal(await next(), i, way)
    await sleep(5)
    assert.equal(s.asked, 3, way)
  }
  const s = stage(numbers(50).map(i => [i]))
  const reader = s.source().toReadableStream({ highWaterMark: 4 }).getReader()
  await reader.read()
  await sleep(5)
  assert.equal(s.asked, 5, 'the high-water mark reads ahead, that far')
})

test('a batch that is said to be the last is the end: its reader is let go with it, and not asked again', async () => {
  for (const way of ['collect', 'batches', 'items', 'pull']) {
    let asked = 0
    let kept = 0
    const open = () => ({
      next(cb) {
        asked++
        cb(null, [1, 2], true)
      },
      close: () => assert.fail('it has ended')
    })
    const source = createSource(open, () => (kept++, () => void kept--))
    const all = []
    if (way === 'collect') all.push(...(await source.collect()))
    else if (way === 'pull') all.push(...(await collectPull(source)))
    else for await (const some of way === 'batches' ? source.batches() : source) all.push(...[some].flat())
    assert.deepEqual([way, all, asked, kept], [way, [1, 2], 1, 0])
  }
})

test('collect takes any number of batches that are there at once, on a flat stack, and fails as its reader does', async () => {
  let left = 100_000
  const reader = () => ({ next: cb => (left-- ? cb(null, [left]) : cb(true)), close: (_end, cb) => cb?.() })
  assert.equal((await createSource(reader).collect()).length, 100_000)
  const failing = () => ({ next: cb => cb(new FlumeError('STORE', 'no')), close: (_end, cb) => cb?.() })
  assert.equal((await failure(createSource(failing).collect())).code, 'STORE')
})

test('a slow async loop reads no further than it has got', async () => {
  const s = stage(numbers(50).map(i => [i]), 'later')
  let most = 0
  let seen = 0
  for await (const _ of s.source()) {
    seen++
    await sleep(1)
    most = Math.max(most, s.asked - seen)
    if (seen === 10) break
  }
  assert.equal(most, 0)
})

test('an abort while a read waits answers both, and late answers are dropped', async () => {
  const s = stage([[1]], 'by hand')
  const source = s.source()
  const answers = []
  source(null, (end, item) => answers.push(['read', end, item]))
  const why = new Error('why')
  await new Promise(resolve => source(why, end => resolve(answers.push(['abort', end]))))
  assert.deepEqual(answers, [['read', why, undefined], ['abort', why]])
  assert.deepEqual(s.closedWith, [why])
  s.waiting() // the reader's own answer comes too late
  await task()
  assert.equal(answers.length, 2)
  assert.deepEqual(await read(source), { end: why })
  await new Promise(resolve => source(true, resolve))
  assert.deepEqual(s.closedWith, [why])
})

test('an abort from within the callback of an item', async () => {
  const s = stage([[1, 2, 3]])
  const source = s.source()
  const seen = []
  await new Promise(resolve => source(null, (end, item) => {
    seen.push(item)
    source(true, resolve)
  }))
  assert.deepEqual(seen, [1])
  assert.equal(s.open, 0)
  assert.deepEqual(await read(source), { end: true })
})

test('return() ends a next() that waits', async () => {
  const s = stage([[1]], 'by hand')
  const it = s.source()[Symbol.asyncIterator]()
  const waiting = it.next()
  const second = it.next()
  await task()
  assert.deepEqual(await it.return('x'), { done: true, value: 'x' })
  assert.deepEqual(await waiting, { done: true, value: undefined })
  assert.deepEqual(await second, { done: true, value: undefined })
  assert.equal(s.open, 0)
  assert.equal((await failure(it.throw(new Error('t')))).message, 't')
  if (Symbol.asyncDispose) {
    const other = s.source()[Symbol.asyncIterator]()
    other.next()
    await other[Symbol.asyncDispose]()
    assert.equal(s.open, 0)
  }
})

test('nexts asked for together are answered in order', async () => {
  const s = stage([[1, 2], [3]], 'later')
  const it = s.source()[Symbol.asyncIterator]()
  const got = await Promise.all([it.next(), it.next(), it.next(), it.next()])
  assert.deepEqual(got.map(r => r.value), [1, 2, 3, undefined])
  assert.equal(got[3].done, true)
})

test('a signal ends every way of reading with ABORTED, and closes its reader', async () => {
  const ways = {
    iterator: async source => { for await (const _ of source); },
    batches: async source => { for await (const _ of source.batches()); },
    collect: source => source.collect(),
    stream: async source => { for await (const _ of source.toReadableStream()); },
    subscribe: source => new Promise((complete, error) => source.subscribe({ complete, error })),
    rxjs: source => lastValueFrom(from(source)),
    pull: collectPull
  }
  for (const [way, run] of Object.entries(ways)) {
    const s = stage([[1]], 'by hand')
    const stop = new AbortController()
    const failed = failure(run(s.source(lib.bySignal(stop.signal))))
    await until(() => s.waiting, way)
    s.waiting() // one item goes through, the next is waited for
    await until(() => s.waiting, way)
    stop.abort('reason')
    const err = await failed
    assert.equal(err.code, 'ABORTED', way)
    assert.equal(err.name, 'AbortError', way)
    assert.equal(err.cause, 'reason', way)
    assert.equal(s.open, 0, way)

    const early = stage([[1]])
    assert.equal((await failure(run(early.source(lib.bySignal(AbortSignal.abort()))))).code, 'ABORTED', way)
    assert.equal(early.opened, 0, way)
  }
})

test('a signal is listened to only while a reader is open', async () => {
  const stop = new AbortController()
  let listening = 0
  const { addEventListener, removeEventListener } = stop.signal
  stop.signal.addEventListener = function (...a) { listening++; return addEventListener.apply(this, a) }
  stop.signal.removeEventListener = function (...a) { listening--; return removeEventListener.apply(this, a) }
  const s = stage([[1, 2]])
  const source = s.source(lib.bySignal(stop.signal))
  assert.equal(listening, 0)
  for await (const _ of source) {
    assert.equal(listening, 1)
    break
  }
  assert.equal(listening, 0)
  await source.collect()
  assert.equal(listening, 0)
})

test("subscribe's own signal unsubscribes, silently", async () => {
  const s = stage([[1]], 'by hand')
  const stop = new AbortController()
  let told = 0
  s.source().subscribe({ complete: () => told++, error: () => told++ }, { signal: stop.signal })
  await task()
  assert.equal(s.open, 1)
  stop.abort()
  await task()
  assert.equal(s.open, 0)
  s.source().subscribe(() => told++, { signal: stop.signal })
  await task()
  assert.equal(s.opened, 1)
  assert.equal(told, 0)
})

test('unsubscribing within next stops at that item', async () => {
  const s = stage([numbers(100)])
  const seen = []
  const sub = s.source().subscribe(v => {
    seen.push(v)
    if (v === 2) sub.unsubscribe()
  })
  await task()
  assert.deepEqual(seen, [0, 1, 2])
  assert.equal(s.open, 0)
})

test("what an observer throws is reported and its subscription goes on; an error nobody takes is reported", async () => {
  const s = stage([[1, 2]])
  const seen = []
  const caught = uncaught()
  s.source().subscribe(v => {
    seen.push(v)
    if (v === 1) throw new Error('observer')
  })
  assert.equal((await caught).message, 'observer')
  await until(() => seen.length === 2)

  const broken = stage([], 'sync', new Error('unheard'))
  const unheard = uncaught()
  broken.source().subscribe(() => {})
  assert.equal((await unheard).message, 'unheard')
})

test("what a pull-stream reader's callback throws is reported, and the source can be read on", async () => {
  const s = stage([[1, 2]], 'later')
  const source = s.source()
  const caught = uncaught()
  source(null, () => { throw new Error('sink') })
  assert.equal((await caught).message, 'sink')
  assert.deepEqual(await read(source), { item: 2 })
})

test('RxJS: concatMap is not starved and the order kept', async () => {
  const s = stage([[1, 2, 3]])
  assert.deepEqual(await lastValueFrom(from(s.source()).pipe(concatMap(v => of(v).pipe(delay(1))), toArray())), [1, 2, 3])
})

test('Symbol.observable where the page has one', () => {
  Symbol.observable ??= Symbol('observable')
  try {
    const source = createSource(() => {})
    assert.equal(source[Symbol.observable](), source)
    assert.equal(source['@@observable'](), source)
  } finally {
    delete Symbol.observable
  }
})

// Time is made here, so that a busy machine changes nothing.
let clock = 1
const burn = ms => void (clock += ms)

/** The longest the event loop was kept from its next task while `fn` ran, in ms that were burnt. */
async function longestTask(fn) {
  const { now } = performance
  performance.now = () => clock
  let last = clock
  let longest = 0
  let on = true
  const tick = () => {
    longest = Math.max(longest, clock - last)
    last = clock
    if (on) setImmediate(tick)
  }
  try {
    await task() // what began by the other clock is over
    setImmediate(tick)
    await task()
    await fn()
    await task()
  } finally {
    on = false
    performance.now = now
  }
  return longest
}

test('long synchronous reading yields to the event loop, between batches and within them', async () => {
  const batches = numbers(100).map(() => [1])
  const slowReader = () => {
    let i = 0
    return {
      next(cb) {
        burn(1)
        i < batches.length ? cb(null, batches[i++]) : cb(true)
      },
      close: (_, cb) => cb?.()
    }
  }
  const collected = await longestTask(() => createSource(slowReader).collect())
  assert.ok(collected >= 5 && collected < 20, `batches: ${collected}`)
  const piped = await longestTask(() => collectPull(createSource(slowReader)))
  assert.ok(piped < 20, `pull: ${piped}`)

  const slowSink = () => stage([numbers(1000)]).source()
  const longest = await longestTask(() => new Promise((resolve, error) =>
    slowSink().subscribe({ next: () => burn(0.1), complete: resolve, error })))
  assert.ok(longest < 20, `items: ${longest}`)
  const loop = await longestTask(async () => { for await (const _ of slowSink()) burn(0.1) })
  assert.ok(loop < 20, `loop: ${loop}`)
})

test('ten sources reading at once share the budget of a task', async () => {
  const ten = numbers(10).map(() => stage(numbers(20).map(() => numbers(10))).source())
  const longest = await longestTask(() => Promise.all(ten.map(source => new Promise((resolve, error) =>
    source.subscribe({ next: () => burn(0.1), complete: resolve, error })))))
  assert.ok(longest < 30, `${longest} ms`)
})

test('an abort while the source has yielded', async t => {
  const s = stage([numbers(1000)])
  const source = s.source()
  let count = 0
  let ended
  const next = (end) => {
    if (end) return (ended = end)
    count++
    burn(0.5)
    source(null, next)
  }
  const { now } = performance
  performance.now = () => clock
  t.after(() => (performance.now = now))
  await task()
  await task()
  source(null, next)
  assert.ok(count > 0 && count < 1000, `${count} before it yielded`)
  const at = count
  await new Promise(resolve => source(true, resolve))
  assert.equal(ended, true)
  await sleep(5)
  assert.equal(count, at)
  assert.equal(s.open, 0)
  assert.deepEqual(await read(source), { end: true })
})

test('pullReader: what is answered at once becomes a batch; what waits does not hold it back', async () => {
  const answers = []
  let aborted = null
  const source = (abort, cb) => {
    if (abort) {
      aborted = abort
      return cb(abort)
    }
    const item = items.shift()
    if (item === 'wait') answers.push(() => cb(null, 'late'))
    else item ? cb(null, item) : cb(true)
  }
  const items = [1, 2, 3, 'wait', 5]
  const reader = lib.pullReader(source)
  const next = () => new Promise(resolve => reader.next((end, batch) => resolve(end ?? batch)))
  assert.deepEqual(await next(), [1, 2, 3])
  const second = next()
  assert.ok(await pending(second))
  answers.shift()()
  assert.deepEqual(await second, ['late', 5])
  assert.equal(await next(), true)

  items.push(1)
  const other = lib.pullReader(source)
  await new Promise(resolve => other.next(resolve))
  await new Promise(resolve => other.close(true, resolve))
  assert.equal(aborted, null, 'it had ended by itself')
})

test('pullReader: items before an error are given out first; a throwing source is an error', async () => {
  const err = new Error('e')
  const items = [1, 2]
  const reader = lib.pullReader((abort, cb) => (items.length ? cb(null, items.shift()) : cb(err)))
  const next = r => new Promise(resolve => r.next((end, batch) => resolve(end ?? batch)))
  assert.deepEqual(await next(reader), [1, 2])
  assert.equal(await next(reader), err)
  const thrower = lib.pullReader(() => { throw err })
  assert.equal(await next(thrower), err)
})

test('pullReader: batches are bounded', async () => {
  let i = 0
  const reader = lib.pullReader((abort, cb) => cb(null, i++))
  const batch = await new Promise(resolve => reader.next((_, b) => resolve(b)))
  assert.equal(batch.length, 256)
})
