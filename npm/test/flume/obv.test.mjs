import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstValueFrom, from, take, toArray } from 'rxjs'
import { createObv, failure, lib, pending, require, sleep, task, uncaught } from './helpers.mjs'

test('a listener hears the value there is and those to come, until removed', () => {
  const obv = createObv()
  const heard = []
  const remove = obv(v => heard.push(v))
  assert.equal(obv.value, undefined)
  assert.deepEqual(heard, [])
  obv.set(1)
  obv(v => heard.push('late ' + v))
  obv(v => heard.push('next ' + v), false)
  remove()
  remove()
  assert.equal(obv.set(2), obv)
  assert.deepEqual(heard, [1, 'late 1', 'late 2', 'next 2'])
  assert.equal(obv.value, 2)
})

test('once is called synchronously, once, on set or at once', () => {
  const obv = createObv()
  const heard = []
  obv.once(v => heard.push(['a', v]))
  const remove = obv.once(v => heard.push(['removed', v]))
  remove()
  obv.set(1)
  assert.deepEqual(heard, [['a', 1]])
  obv.set(2)
  obv.once(v => heard.push(['b', v]))
  obv.once(v => heard.push(['c', v]), false)
  assert.deepEqual(heard, [['a', 1], ['b', 2]])
  obv.set(3)
  assert.deepEqual(heard.at(-1), ['c', 3])
})

test('falsy values are values', () => {
  for (const value of [0, false, '', undefined, null]) {
    const obv = createObv()
    let heard = 'nothing'
    obv.once(v => (heard = v))
    obv.set(value)
    assert.equal(heard, value)
    heard = 'nothing'
    obv(v => (heard = v))
    assert.equal(heard, value)
  }
  assert.equal(createObv(0).value, 0)
})

test('set by a listener: all hear the newer value last, none hears the older after it', () => {
  const obv = createObv()
  const heard = []
  obv(v => v === 1 && obv.set(2))
  obv(v => heard.push(v))
  obv.once(v => heard.push('once ' + v))
  obv.set(1)
  assert.deepEqual(heard, [2, 'once 2'])
})

test('joining and leaving while values are given out', () => {
  const obv = createObv()
  const heard = []
  let removeB
  obv(v => {
    heard.push('a' + v)
    removeB()
    obv(w => heard.push('new' + w), false)
  })
  removeB = obv(v => heard.push('b' + v))
  obv(v => heard.push('c' + v))
  obv.set(1)
  assert.deepEqual(heard, ['a1', 'c1'])
  obv.set(2)
  assert.deepEqual(heard, ['a1', 'c1', 'a2', 'c2', 'new2'])
})

test('a once that sets again loses no other once', () => {
  const obv = createObv()
  const heard = []
  obv.once(v => { heard.push(v); if (v === 1) obv.set(2) })
  obv.once(v => heard.push('b' + v))
  obv.set(1)
  assert.deepEqual(heard, [1, 'b2'])
})

test("a listener's throw is reported, and the others hear", async () => {
  const obv = createObv()
  const heard = []
  obv(() => { throw new Error('mine') })
  obv(v => heard.push(v))
  const caught = uncaught()
  obv.set(1)
  assert.deepEqual(heard, [1])
  assert.equal((await caught).message, 'mine')
})

test('iteration yields the newest value, waits, and releases when left', async () => {
  const obv = createObv(0)
  const seen = []
  for await (const v of obv) {
    seen.push(v)
    if (v === 0) { obv.set(1); obv.set(2) } // 1 is skipped
    if (v === 2) setImmediate(() => obv.set(5))
    if (v === 5) break
  }
  assert.deepEqual(seen, [0, 2, 5])

  const it = obv[Symbol.asyncIterator]()
  assert.deepEqual(await it.next(), { done: false, value: 5 })
  const waiting = it.next()
  assert.ok(await pending(waiting))
  await it.return()
  assert.deepEqual(await waiting, { done: true, value: undefined })
  assert.deepEqual(await it.next(), { done: true, value: undefined })
})

test('several nexts asked for at once are answered in order', async () => {
  const obv = createObv(1)
  const it = obv[Symbol.asyncIterator]()
  const both = Promise.all([it.next(), it.next()])
  obv.set(2)
  assert.deepEqual((await both).map(r => r.value), [1, 2])
})

test('subscribe: function or observer, unsubscribe, signal, end', async () => {
  const obv = createObv(1)
  const heard = []
  const sub = obv.subscribe(v => heard.push(v))
  obv.set(2)
  sub.unsubscribe()
  obv.set(3)
  assert.deepEqual(heard, [1, 2])

  const stop = new AbortController()
  obv.subscribe({ next: v => heard.push('s' + v), complete: () => heard.push('no') }, { signal: stop.signal })
  stop.abort()
  obv.set(4)
  obv.subscribe(v => heard.push('never'), { signal: AbortSignal.abort() })
  assert.deepEqual(heard, [1, 2, 's3'])

  obv.subscribe({ next: v => heard.push('e' + v), complete: () => heard.push('complete') })
  const it = obv[Symbol.asyncIterator]()
  await it.next()
  const last = it.next()
  obv.end()
  obv.set(5)
  assert.deepEqual(heard, [1, 2, 's3', 'e4', 'complete'])
  assert.deepEqual(await last, { done: true, value: undefined })
})

test('an iteration begun after the end yields the last value and is done', async () => {
  const obv = createObv(7)
  obv.end()
  const seen = []
  for await (const v of obv) seen.push(v)
  assert.deepEqual(seen, [7])
})

test('RxJS takes it', async () => {
  const obv = createObv(1)
  const some = firstValueFrom(from(obv).pipe(take(3), toArray()))
  obv.set(2)
  obv.set(3)
  obv.set(4)
  assert.deepEqual(await some, [1, 2, 3])
})

test("another library's obv and obz become ours", () => {
  for (const name of ['obv', 'obz']) {
    const theirs = require(name)()
    const seen = []
    const mirror = createObv()
    theirs(v => mirror.set(v))
    mirror(v => seen.push(v))
    theirs.set(1)
    theirs.set(2)
    assert.deepEqual(seen, [1, 2])
    assert.equal(mirror.value, theirs.value)
  }
})
