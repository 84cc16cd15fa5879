// From the start of a navigation to the first acknowledged append: in a profile that has never seen the page, and
// again in the same one, with a log of another name each time.

const VISITS = 4

export async function runStart({ host, options, results }) {
  const section = 'chromium start'
  const started = performance.now()
  for (let rep = 0; rep < options.reps; rep++) {
    options.progress(`${section}, repetition ${rep + 1} of ${options.reps}`)
    const browser = await host.openBrowser()
    try {
      const page = await browser.newPage()
      // Chromium's own start is not the package's: the browser has drawn a page of another origin before.
      await page.goto(host.server.url('blank', '/empty.html'))
      for (let visit = 0; visit < VISITS; visit++) {
        const { acknowledged, imported } = await visitPage(page, host.server.url('start', `/bench/chromium/start.html?log=log-${visit}`))
        const which = visit === 0 ? 'first visit' : 'later visit'
        results.add(section, 'firstAppend', which, { samples: [acknowledged] })
        results.add(section, 'firstAppend', `${which}, from the package imported`, { samples: [acknowledged - imported] })
      }
    } catch (error) {
      results.fail(section, 'firstAppend', 'flumedb-wasm', error)
      break
    } finally {
      await browser.close()
    }
  }
  options.took('chromium: start', performance.now() - started)
}

async function visitPage(page, url) {
  const errors = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(url)
  await page.waitForFunction(() => globalThis.started, null, { timeout: 20_000 }).catch(() => {
    throw new Error(`the page did not append: ${errors.join('; ') || 'is npm/dist built?'}`)
  })
  const started = await page.evaluate(() => globalThis.started)
  if (started.error) throw new Error(started.error)
  return started
}
