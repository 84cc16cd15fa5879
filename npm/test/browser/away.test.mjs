// Pages that are left and come back, from the back/forward cache or from being frozen: they are as good as before, and keep
// nobody waiting meanwhile. And who waits for whom where a database is upgraded or deleted.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { engine, openSite, unless } from './site.mjs'

let site
before(async () => {
  // A page that must not be stored is not kept either.
  site = await openSite({ focused: false, headers: { 'cache-control': 'no-cache' }, get: { '/elsewhere': { type: 'text/html', body: '<!doctype html><title>elsewhere</title><link rel="icon" href="data:,">' } } })
})
after(() => site?.close())

const driven = unless(engine !== 'chromium', 'nobody can be told to go back, and no page be frozen, without a protocol')

/** Opens a log with a view on the page, as window.db; what it hears live gathers in window.heard. */
const open = (page, name, options = {}) => page.evaluate(async ([name, options]) => {
  const { Flume, Log, Reduce } = flumedb
  window.db = Flume(Log(name, options)).use('sum', Reduce(1, { sum: 'n' }))
  window.heard = []
  window.persisted = []
  addEventListener('pageshow', event => persisted.push(event.persisted))
  window.listening = (async () => {
    for await (const { value } of db.stream({ live: true })) heard.push(value.n)
  })().catch(error => error.code)
  return db.append({ n: 0 })
}, [name, options])
const append = (page, n) => page.evaluate(n => failure(db.append({ n })), n)
const heard = (page, count) => page.evaluate(async count => {
  for (let i = 0; i < 500 && heard.length < count; i++) await new Promise(resolve => setTimeout(resolve, 10))
  return heard
}, count)

const setState = async (page, state) => (await site.cdp(page)).send('Page.setWebLifecycleState', { state })
/** Another page has to be in front: one that is seen is not frozen. */
const freeze = async (page, front) => {
  await front.bringToFront()
  await setState(page, 'frozen')
}
const thaw = page => setState(page, 'active')
/** Whoever wants the database for itself: upgrades or deletes it. */
const take = {
  upgrades: (page, name) => page.evaluate(name => new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 99)
    request.onblocked = () => reject(new Error('blocked'))
    request.onerror = () => reject(request.error)
    request.onsuccess = () => resolve(request.result.close())
  }), name),
  deletes: (page, name) => page.evaluate(name => new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onblocked = () => reject(new Error('blocked'))
    request.onerror = () => reject(request.error)
    request.onsuccess = () => resolve()
  }), name)
}

for (const [where, options] of [['', {}], [', with the module in a worker', { worker: true }]]) {
  test(`a page from the back/forward cache hears what others have appended meanwhile, and goes on${where}`, { timeout: 60_000, ...driven }, async () => {
    const page = await site.newPage()
    const other = await site.newPage()
    assert.equal(await open(page, `left${where}`, options), 0)
    await other.evaluate(name => { window.db = flumedb.Flume(flumedb.Log(name)) }, `left${where}`)
    const all = [0]
    for (let round = 1; round <= 3; round++) {
      // One that is under way, too; not in a worker, whose transaction Chromium would leave open for as long as it keeps the page.
      if (options.worker) await append(page, 10 * round)
      else await page.evaluate(n => { window.underWay = failure(db.append({ n })) }, 10 * round)
      await page.goto(`${site.origin}/elsewhere`)
      for (let i = 1; i <= 3; i++) {
        await append(other, 10 * round + i)
        await sleep(30)
      }
      await page.goBack({ waitUntil: 'commit' })
      assert.deepEqual(await page.evaluate(() => persisted), Array(round).fill(true), 'it was kept, and is not a new one')
      if (!options.worker) {
        const { value, ...failed } = await page.evaluate(() => Promise.race([underWay, new Promise(resolve => setTimeout(resolve, 20_000, { hangs: true }))]))
        assert.deepEqual(failed, {})
        assert.deepEqual(await page.evaluate(seq => db.get(seq), value), { n: 10 * round })
      }
      assert.deepEqual(await append(page, 10 * round + 4), { value: 5 * round })
      for (let i = 0; i <= 4; i++) all.push(10 * round + i)
      assert.deepEqual((await heard(page, all.length)).toSorted((a, b) => a - b), all)
      assert.equal(await page.evaluate(() => db.sum.get()), all.reduce((sum, n) => sum + n, 0))
    }
    assert.deepEqual(await page.evaluate(() => heard), await page.evaluate(() => db.stream({ seqs: false }).collect().then(all => all.map(({ n }) => n))))
    assert.deepEqual([...page.uncaught, ...other.uncaught], [])
    await page.close()
    await other.close()
  })

  test(`a frozen page keeps nobody from appending, and hears all of it when it comes back${where}`, { timeout: 60_000, ...driven }, async () => {
    const page = await site.newPage()
    const other = await site.newPage()
    assert.equal(await open(page, `frozen${where}`, options), 0)
    await other.evaluate(name => { window.db = flumedb.Flume(flumedb.Log(name)) }, `frozen${where}`)
    const all = [0]
    for (let round = 1; round <= 3; round++) {
      await page.evaluate(() => {
        window.frozen = false
        document.addEventListener('freeze', () => { frozen = true }, { once: true })
      })
      await freeze(page, other)
      for (let i = 1; i <= 3; i++) {
        await append(other, 10 * round + i)
        all.push(10 * round + i)
      }
      await thaw(page)
      assert.ok(await page.evaluate(() => frozen))
      await append(page, 10 * round + 4)
      all.push(10 * round + 4)
      assert.deepEqual(await heard(page, all.length), all)
    }
    assert.equal(await page.evaluate(() => db.sum.get()), all.reduce((sum, n) => sum + n, 0))
    assert.deepEqual([...page.uncaught, ...other.uncaught], [])
    await page.close()
    await other.close()
  })
}

test('what a page appends when it has been left and is not frozen yet is answered, and others hear of it', { timeout: 60_000 }, async () => {
  const page = await site.newPage()
  const other = await site.newPage()
  assert.equal(await open(page, 'leaving'), 0)
  await other.evaluate(() => { window.db = flumedb.Flume(flumedb.Log('leaving')) })
  await other.evaluate(() => {
    window.heard = []
    db.since(seq => { if (seq >= 0) heard.push(seq) })
    return db.get(0)
  })
  await page.evaluate(() => void dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })))
  assert.deepEqual(await append(page, 1), { value: 1 })
  assert.equal((await heard(other, 2)).at(-1), 1)
  assert.deepEqual(await page.evaluate(() => failure(db.del(0).then(() => 'deleted'))), { value: 'deleted' })
  assert.deepEqual(await append(other, 2), { value: 2 })
  await page.evaluate(() => void dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })))
  assert.deepEqual(await heard(page, 3), [0, 1, 2])
  assert.deepEqual([...page.uncaught, ...other.uncaught], [])
  await page.close()
  await other.close()
})

for (const [what, code] of [['upgrades', 'VERSION'], ['deletes', 'GONE']])
  test(`whoever ${what} the database does not wait for a frozen page, which is told ${code} when it comes back`, { timeout: 60_000, ...driven }, async () => {
    const page = await site.newPage()
    const other = await site.newPage()
    const name = `frozen ${what}`
    // Without a view, which might be writing down its state: Chromium freezes no page that holds a lock, unless it is told to.
    await page.evaluate(name => {
      window.db = flumedb.Flume(flumedb.Log(name))
      return db.append({ n: 0 })
    }, name)
    await freeze(page, other)
    await take[what](other, name)
    await thaw(page)
    assert.equal((await append(page, 1)).code, code)
    assert.deepEqual([...page.uncaught, ...other.uncaught], [])
    await page.close()
    await other.close()
  })

for (const [what, code] of [['upgrades', 'VERSION'], ['deletes', 'GONE']])
  test(`whoever ${what} the database does not wait for those that append to it: each of their appends is there, or fails with ${code}`, { timeout: 60_000 }, async () => {
    const pages = [await site.newPage(), await site.newPage(), await site.newPage()]
    const other = await site.newPage()
    const name = `busy ${what}`
    // Appends until one fails, several in flight, and answers what became of all.
    const busy = pages.map((page, by) => page.evaluate(async ([name, by]) => {
      const db = flumedb.Flume(flumedb.Log(name))
      const results = []
      let failed = false
      for (let n = 0; !failed; n++) {
        results.push(failure(db.append({ by, n })).then(result => {
          failed ||= result.code !== undefined
          window.appended = n
          return result
        }))
        if (n % 8 === 0) await results.at(-8)
      }
      const all = await Promise.all(results)
      await db.close()
      return all
    }, [name, by]))
    for (const page of pages) await page.evaluate(async () => { while (!(window.appended > 100)) await new Promise(resolve => setTimeout(resolve, 5)) })
    await take[what](other, name)
    const results = await Promise.all(busy)
    const kept = results.map(all => all.filter(({ value }) => value !== undefined).length)
    for (const [by, all] of results.entries())
      for (const [n, result] of all.entries()) assert.ok(n < kept[by] ? result.value !== undefined : result.code === code, `append ${n} of ${by}: ${JSON.stringify(result)}, ${kept[by]} were acknowledged`)
    const seqs = results.flatMap((all, by) => all.slice(0, kept[by]).map(({ value }) => value))
    assert.equal(new Set(seqs).size, seqs.length, 'no seq was given twice')
    for (const page of [...pages, other]) {
      assert.deepEqual(page.uncaught, [])
      await page.close()
    }
  })

test('one who has the database open and does not let go holds up who deletes it and who then opens it, who both say so', { timeout: 60_000 }, async () => {
  const page = await site.newPage()
  const other = await site.newPage()
  const foreign = await site.newPage()
  assert.equal(await open(page, 'held'), 0)
  await foreign.evaluate(() => new Promise((resolve, reject) => {
    const request = indexedDB.open('held')
    request.onerror = () => reject(request.error)
    request.onsuccess = () => {
      window.held = request.result
      resolve()
    }
  }))
  const warned = page => page.evaluate(async () => {
    while (!window.warnings.length) await new Promise(resolve => setTimeout(resolve, 20))
    return warnings.join('\n')
  })
  for (const each of [page, other])
    await each.evaluate(() => {
      window.warnings = []
      console.warn = message => warnings.push(message)
    })
  await other.evaluate(() => { window.deleting = failure(flumedb.Log.delete('held')) })
  assert.match(await warned(other), /held: deleting it waits/)
  await page.evaluate(() => {
    window.appending = failure(db.append({ n: 1 })) // on a connection that it has to open again
    window.opening = failure(flumedb.Flume(flumedb.Log('held')).append({ n: 2 }))
    window.given = new AbortController()
    window.givenUp = failure(flumedb.Flume(flumedb.Log('held', { signal: given.signal })).append({ n: 3 }))
  })
  assert.match(await warned(page), /held: opening it waits/)
  assert.equal((await page.evaluate(() => {
    given.abort()
    return givenUp
  })).code, 'ABORTED')
  await foreign.evaluate(() => held.close())
  assert.equal((await other.evaluate(() => deleting)).code, undefined)
  assert.equal((await page.evaluate(() => appending)).code, 'GONE')
  assert.deepEqual(await page.evaluate(() => opening), { value: 0 })
  for (const each of [page, other, foreign]) {
    assert.deepEqual(each.uncaught, [])
    await each.close()
  }
})
