// Requests through a service worker beside calls of a database in the page, and how long a worker that was stopped takes to
// answer. The ways take turns.

const SECTION = 'chromium http'
const WAYS = ['page', 'client', 'fetch', 'floor']
const ONE = 200
const MANY = 400
const PARALLEL = 16
const STARTS = 10

const SERIES = { page: 'flumedb-wasm, in the page', client: 'flumedb-wasm, client', fetch: 'flumedb-wasm, bare requests', floor: 'a service worker without a database' }

export async function runHttp({ host, options, results }) {
  const started = performance.now()
  for (let rep = 0; rep < options.reps; rep++) {
    options.progress(`${SECTION}, repetition ${rep + 1} of ${options.reps}`)
    const browser = await host.openBrowser()
    try {
      const page = await browser.newPage()
      await openPage(page, host.server.url('http', '/bench/chromium/http.html'))
      for (const operation of await page.evaluate(() => globalThis.operations)) {
        for (const way of rep % 2 ? WAYS.toReversed() : WAYS) {
          if (way === 'floor' && operation !== 'get') continue
          const job = { way, operation, one: options.countOf('http', ONE), many: options.countOf('http', MANY), parallel: PARALLEL }
          const { samples, ms, count } = await page.evaluate((job) => globalThis.bench(job), job)
          results.add(SECTION, operation, SERIES[way], { samples, count: samples.length })
          results.add(SECTION, `${operation}, ${PARALLEL} at a time`, SERIES[way], { ms, count })
        }
      }
      results.add(SECTION, 'firstAnswer', 'flumedb-wasm', { samples: await timeStarts(page), count: STARTS })
    } catch (error) {
      results.fail(SECTION, 'http', 'flumedb-wasm', error)
      break
    } finally {
      await browser.close()
    }
  }
  options.took('chromium: http', performance.now() - started)
}

async function timeStarts(page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('ServiceWorker.enable')
  const samples = []
  for (let i = 0; i < STARTS; i++) {
    await cdp.send('ServiceWorker.stopAllWorkers')
    samples.push(await page.evaluate(() => globalThis.firstAnswer()))
  }
  return samples
}

async function openPage(page, url) {
  await page.goto(url)
  await page.waitForFunction(() => globalThis.bench || globalThis.failed, null, { timeout: 60_000 })
  const failed = await page.evaluate(() => globalThis.failed)
  if (failed) throw new Error(failed)
}
