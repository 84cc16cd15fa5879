// Eight contexts on one log, tabs and workers of every kind, append at random and are closed, killed and opened again at
// random: the log is what the acknowledgements say.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { random } from '../crash/workload.mjs'
import { Lives } from './contexts/lives.mjs'
import { engine, openSite } from './site.mjs'

const seed = Number(process.env.FLUMEDB_SEED ?? Date.now() % 1e9)
const ROUNDS = 8

const lives = new Lives()
let site
before(async () => {
  const folder = path => fileURLToPath(new URL(path, import.meta.url))
  site = await openSite({ get: { '/contexts/': folder('contexts/'), '/crash/': folder('../crash/') }, post: lives.post })
})
after(() => site?.close())

const act = async (page, what, ...args) => page.evaluate(async ([what, action, args]) => {
  const { [what]: actor } = await import('/contexts/page.mjs')
  return action ? actor[action](...args) : actor(...args)
}, [...what.split('.'), ...(what.includes('.') ? [] : ['']), args])

/** Page.crash is a thing of the protocol that Chromium speaks: its process ends as if it had run out of memory. */
let crashes = 0
const crash = engine !== 'chromium' ? undefined : async page => {
  crashes++
  const crashed = new Promise(resolve => page.once('crash', resolve))
  const cdp = await site.cdp(page)
  cdp.send('Page.crash').catch(() => {})
  await crashed
  await page.close()
}

/** As it does without this package, with a few puts in plain IndexedDB. */
const workersLeaveLocks = engine === 'webkit' && 'a worker that ends within a transaction keeps its database locked for ever'

// Each makes one context, which lives again and again. kills are the ways in which it can be.
function tab () {
  let page
  return {
    name: 'tab',
    async begin (life) {
      page = await site.newPage()
      await act(page, 'tab.begin', life)
    },
    async close () {
      await act(page, 'tab.close')
      await page.close()
      return 'closed'
    },
    kills: { 'page closed': () => page.close(), ...(crash && { crash: () => crash(page) }) }
  }
}

// In a page that stays.
const worker = (host, number) => ({
  name: 'worker',
  begin: life => act(host, 'member.begin', ['worker', number, life]),
  close: () => act(host, 'member.close', [number]),
  kills: workersLeaveLocks ? {} : { terminate: () => act(host, 'member.terminate', [number]) }
})

// In a page of its own, with which it ends.
function pageOf (kind) {
  let page
  return {
    name: `${kind} with its page`,
    async begin (life) {
      page = await site.newPage()
      await act(page, 'member.begin', [kind, 0, life])
    },
    async close () {
      const answer = await act(page, 'member.close', [0])
      await page.close()
      return answer
    },
    kills: workersLeaveLocks ? {} : { 'page closed': () => page.close(), ...(crash && { crash: () => crash(page) }) }
  }
}

const serviceWorker = host => ({
  name: 'service worker',
  begin (life) {
    this.crashes = crashes
    return act(host, 'member.begin', ['serviceWorker', -1, life])
  },
  // Chromium may have it in the process of a page, and then it ends when that crashes.
  async close () {
    const answer = await act(host, 'member.close', [-1])
    return answer === 'was not alive' && crashes > this.crashes ? 'crashed' : answer
  },
  kills: engine !== 'chromium' ? {} : {
    async stop () {
      const cdp = await site.cdp(host)
      // What is told to it before it has stopped would be told to the one that stops.
      const stopped = new Promise(resolve => {
        cdp.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
          if (versions.length && versions.every(({ runningStatus }) => runningStatus === 'stopped')) resolve()
        })
      })
      await cdp.send('ServiceWorker.enable')
      await cdp.send('ServiceWorker.stopAllWorkers')
      await within(stopped, 30_000, 'the service worker stops')
      await cdp.detach()
    }
  }
})

const shuffled = (list, next) => list.map(item => [next(), item]).sort(([a], [b]) => a - b).map(([, item]) => item)

const within = (promise, ms, what) => {
  let timer
  const late = new Promise((_resolve, reject) => { timer = setTimeout(() => reject(new Error(`${what}: not answered in ${ms} ms`)), ms) })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

test('eight contexts append, are closed, killed and opened again: the log is what the acknowledgements say', { timeout: 480_000 }, async t => {
  t.diagnostic(`FLUMEDB_SEED=${seed}`)
  const next = random(seed)
  const pick = list => list[Math.floor(next() * list.length)]
  const host = await site.newPage()
  const contexts = [tab(), tab(), tab(), worker(host, 1), worker(host, 2), pageOf('worker')]
  for (const [kind, make] of [['sharedWorker', () => pageOf('sharedWorker')], ['serviceWorker', () => serviceWorker(host)]]) {
    const lack = await act(host, 'lacks', kind)
    if (lack) t.diagnostic(`${engine}: a tab in the place of a ${kind}: ${lack}`)
    contexts.push(lack ? tab() : make())
  }
  if (!crash) t.diagnostic(`${engine}: no tab crashes and no service worker is stopped: only Chromium's protocol can do that`)
  if (workersLeaveLocks) t.diagnostic(`${engine}: no worker is killed: ${workersLeaveLocks}`)

  const done = {}
  const count = what => { done[what] = (done[what] ?? 0) + 1 }
  const begin = async context => {
    context.life = lives.begin()
    count(`${context.name}: begun`)
    await within(context.begin({ life: context.life, seed: Math.floor(next() * 2 ** 31) }), 60_000, `life ${context.life} of a ${context.name} begins`)
  }
  const close = async context => {
    const life = context.life
    context.life = undefined
    const answer = await within(context.close(), 60_000, `life ${life} of a ${context.name} is closed`)
    count(`${context.name}: ${answer}`)
    if (answer === 'crashed') return lives.killed(life)
    assert.equal(answer, 'closed')
    lives.closed(life)
  }

  await Promise.all(contexts.map(begin))
  for (const context of Array.from({ length: ROUNDS }, () => shuffled(contexts, next)).flat()) {
    const ways = Object.keys(context.kills)
    if (context.life === undefined) await begin(context)
    else if (next() < 0.3 || !ways.length) await close(context)
    else {
      const way = pick(ways)
      lives.killed(context.life)
      context.life = undefined
      count(`${context.name}: ${way}`)
      await context.kills[way]()
    }
    await sleep(next() * 150)
    assert.deepEqual(lives.failures, [])
  }
  for (const context of contexts) if (context.life !== undefined) await close(context)

  const found = await act(host, 'survey')
  lives.check(found)
  t.diagnostic(`${found.records} records; ${Object.entries(done).sort().map(([what, n]) => `${what} ${n}`).join(', ')}`)
  assert.ok(lives.heard > 20, 'most lives were long enough to append something')
  assert.deepEqual(host.uncaught, [])
  await host.close()
})
