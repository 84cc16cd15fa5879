// db.health: what is told when the database goes away, comes back, or cannot be had.

import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { after, before, test } from 'node:test'
import { engine, openSite, unless } from './site.mjs'

let site
before(async () => { site = await openSite({ get: { '/crash/': fileURLToPath(new URL('../crash/', import.meta.url)) } }) })
after(() => site?.close())

// Opens a log with three records on a page, as window.db, and notes what its health is as window.heard. The page's own
// connections are in window.connections, so that a test can do to them what browsers do.
async function openPage (name) {
  const page = await site.newPage()
  await page.evaluate(async name => {
    const open = IDBFactory.prototype.open
    window.connections = []
    IDBFactory.prototype.open = function (...args) {
      const request = open.apply(this, args)
      request.addEventListener('success', () => connections.push(request.result))
      return request
    }
    window.closedByBrowser = () => connections.forEach(database => {
      database.close()
      database.dispatchEvent(new Event('close'))
    })
    window.watch = name => {
      window.db = flumedb.Flume(flumedb.Log(name))
      window.heard = []
      db.health(({ state, at, error }) => {
        if (Math.abs(Date.now() - at) > 10_000) throw new Error(`it began at ${at}`)
        heard.push([state, error?.code, error?.seq, error?.last].filter(part => part !== undefined).join(' '))
      })
    }
    window.until = async state => {
      for (let i = 0; db.health.value?.state !== state; i++) {
        if (i === 1000) throw new Error(`it has not become ${state}, but ${heard}`)
        await new Promise(resolve => setTimeout(resolve, 10))
      }
      return heard
    }
    watch(name)
    for (const n of [0, 1, 2]) await db.append({ n })
  }, name)
  return page
}
const heardUntil = (page, state) => page.evaluate(state => until(state), state)
const append = page => page.evaluate(() => failure(db.append({ more: true })))

test('a log that opens is ok, and when it is closed no more is told', { timeout: 60_000 }, async () => {
  const page = await openPage('opens')
  assert.deepEqual(await heardUntil(page, 'ok'), ['ok'])
  const ended = await page.evaluate(async () => {
    const told = []
    const telling = (async () => { for await (const { state } of db.health) told.push(state) })()
    await new Promise(resolve => setTimeout(resolve))
    await db.close()
    await telling
    return told
  })
  assert.deepEqual(ended, ['ok'])
  assert.deepEqual(page.uncaught, [])
  await page.close()
})

test('the browser closes the connection: it is opened again at once, and nothing is lost', { timeout: 60_000 }, async () => {
  const page = await openPage('closed')
  await page.evaluate(() => closedByBrowser())
  assert.deepEqual(await heardUntil(page, 'ok'), ['ok', 'reopening STORE', 'ok'])
  assert.equal((await append(page)).value, 3)
  assert.equal(await page.evaluate(async () => (await db.stream().collect()).length), 4)
  assert.deepEqual(page.uncaught, [])
  await page.close()
})

test('the server of the databases is lost for a while: STORE until it is back, and nothing is lost', { timeout: 60_000 }, async () => {
  const page = await openPage('server')
  await page.evaluate(() => {
    window.openAgain = IDBFactory.prototype.open
    IDBFactory.prototype.open = () => { throw new DOMException('Connection to Indexed Database server lost. Refresh the page to try again', 'UnknownError') }
    closedByBrowser()
  })
  assert.deepEqual(await heardUntil(page, 'failed'), ['ok', 'reopening STORE', 'failed STORE'])
  const refused = await append(page)
  assert.equal(refused.code, 'STORE')
  assert.match(refused.message, /Indexed Database server lost/)
  await page.evaluate(() => { IDBFactory.prototype.open = openAgain })
  assert.equal((await append(page)).value, 3)
  assert.equal((await heardUntil(page, 'ok')).at(-1), 'ok')
  assert.deepEqual(page.uncaught, [])
  await page.close()
})

test('the process that has the databases dies: STORE until the page is loaded again, and what was acknowledged is there', { timeout: 120_000, ...unless(engine !== 'webkit', 'its processes have other parts') }, async () => {
  const page = await openPage('process')
  await page.evaluate(async () => {
    window.acked = 3
    window.appending = (async () => {
      for (;;) {
        const { code, value } = await failure(db.append({ n: acked }))
        if (code) return code
        acked = value + 1
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    })()
    while (acked < 20) await new Promise(resolve => setTimeout(resolve, 10))
  })
  site.endProcess('WebKitNetworkPr')
  await new Promise(resolve => setTimeout(resolve, 2000)) // the page has lost its way to the server, too
  const { code, heard, again, acked } = await page.evaluate(async () => ({ code: await appending, heard: await until('failed'), again: await failure(db.append(1)), acked }))
  assert.ok(['STORE', 'UNCERTAIN'].includes(code), code)
  assert.deepEqual(heard, ['ok', 'reopening STORE', 'failed STORE'])
  assert.match(again.message, /Connection to Indexed Database server lost/) // WebKit gives a page no other
  const loaded = await site.newPage()
  const left = await loaded.evaluate(async () => {
    const db = flumedb.Flume(flumedb.Log('process'))
    const left = await db.stream({ seqs: false }).collect()
    await db.append({ more: true })
    await db.close()
    return left.map(({ n }) => n)
  })
  assert.ok(left.length === acked || left.length === acked + 1, `${left.length} of ${acked}`) // the one that failed may be there
  assert.deepEqual(left, left.map((_, n) => n))
  await loaded.close()
  await page.close()
})

for (const [how, vanish, needs] of [
  ['the browser deletes all of the site', async page => {
    const cdp = await site.cdp(page)
    await cdp.send('Storage.clearDataForOrigin', { origin: site.origin, storageTypes: 'indexeddb' })
  }, unless(engine !== 'chromium', 'only a person can clear the storage of a site')],
  ['another tab deletes the log', async (page, name) => {
    const other = await site.newPage()
    await other.evaluate(name => flumedb.Log.delete(name), name)
    await other.close()
  }]
]) {
  test(`${how}: lost, with what was, before anything is asked`, { timeout: 60_000, ...needs }, async () => {
    const name = how.replace(/\W+/g, '-')
    const page = await openPage(name)
    await vanish(page, name)
    assert.deepEqual(await heardUntil(page, 'lost'), ['ok', 'reopening STORE', 'lost GONE 0 2'])
    const gone = await append(page)
    assert.deepEqual([gone.code, gone.seq], ['GONE', 0])
    const again = await page.evaluate(async name => {
      await failure(db.close())
      watch(name)
      return { seq: await db.append({ again: true }), heard: await until('ok') }
    }, name)
    assert.deepEqual(again, { seq: 0, heard: ['ok'] })
    assert.deepEqual(page.uncaught, [])
    await page.close()
  })
}

test('a database that has come back with less than was seen: lost, from where on, and the rest is there', { timeout: 60_000 }, async () => {
  const page = await openPage('shorter')
  const result = await page.evaluate(async () => {
    const done = request => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const database = await done(indexedDB.open('shorter'))
    const tail = database.transaction('tail', 'readwrite').objectStore('tail')
    await done(tail.delete((await done(tail.getAllKeys())).at(-1)))
    closedByBrowser()
    const told = await until('lost')
    await failure(db.close())
    watch('shorter')
    return { told, left: await db.stream({ seqs: false }).collect() }
  })
  assert.deepEqual(result, { told: ['ok', 'reopening STORE', 'lost GONE 2 2'], left: [{ n: 0 }, { n: 1 }] })
  await page.close()
})

test('another tab upgrades the database: failed with VERSION, before anything is asked', { timeout: 60_000 }, async () => {
  const page = await openPage('upgraded')
  const other = await site.newPage()
  await other.evaluate(() => new Promise((resolve, reject) => {
    const request = indexedDB.open('upgraded', 99)
    request.onerror = () => reject(request.error)
    request.onsuccess = () => resolve(request.result.close())
  }))
  assert.deepEqual(await heardUntil(page, 'failed'), ['ok', 'reopening STORE', 'failed VERSION'])
  await other.close()
  await page.close()
})

for (const [how, deny] of [
  ['does not have databases', () => Object.defineProperty(globalThis, 'indexedDB', { value: undefined })],
  ['forbids databases', () => { IDBFactory.prototype.open = () => { throw new DOMException('The operation is insecure.', 'SecurityError') } }],
  ['cannot open databases in a private window', () => {
    IDBFactory.prototype.open = () => { throw new DOMException('A mutation operation was attempted on a database that did not allow mutations.', 'InvalidStateError') }
  }]
]) {
  test(`a page that ${how}: STORE, and failed`, { timeout: 60_000 }, async () => {
    const page = await openPage('before')
    const result = await page.evaluate(async ([name, deny]) => {
      await db.close()
      ;(0, eval)(`(${deny})()`)
      watch(name)
      return { appended: (await failure(db.append(1))).code, heard: await until('failed') }
    }, [how, String(deny)])
    assert.deepEqual(result, { appended: 'STORE', heard: ['failed STORE'] })
    assert.deepEqual(page.uncaught, [])
    await page.close()
  })
}

test('a private window: the log works, is not persisted, and is gone with the window', { timeout: 60_000, ...unless(engine !== 'chromium', 'no private window can be opened') }, async () => {
  const open = async () => {
    const window = await site.context.browser().newContext()
    const page = await window.newPage()
    await page.goto(`${site.origin}/`)
    await page.waitForFunction(() => globalThis.flumedb)
    return { window, page }
  }
  const use = page => page.evaluate(async () => {
    const db = flumedb.Flume(flumedb.Log('private'))
    const seq = await db.append({ private: true })
    return { seq, state: db.health.value.state, persisted: (await db.storage({ persist: true })).persisted }
  })
  for (let round = 0; round < 2; round++) {
    const { window, page } = await open()
    assert.deepEqual(await use(page), { seq: 0, state: 'ok', persisted: false })
    await window.close()
  }
})

test('the module crashes: failed with WASM', { timeout: 60_000 }, async () => {
  const page = await site.newPage()
  const heard = await page.evaluate(async () => {
    const { trap } = await import('/crash/wasm-trap.mjs')
    const db = flumedb.Flume(flumedb.Log('crashes'))
    const heard = []
    db.health(({ state, error }) => heard.push(error ? `${state} ${error.code}` : state))
    await db.append(1)
    trap.set = true
    await failure(db.append(2))
    return heard
  })
  assert.deepEqual(heard, ['ok', 'failed WASM'])
  await page.close()
})
