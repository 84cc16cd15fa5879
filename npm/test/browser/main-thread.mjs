// How long a page's own thread was busy while something ran on the page, in milliseconds of that thread's processor time: what
// the clock says would count those, too, in which others had the processor. Only Chromium's protocol tells.

export async function mainThread (site, page, run, arg) {
  const cdp = await site.context.browser().newBrowserCDPSession()
  const events = []
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...value))
  await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel', 'disabled-by-default-devtools.timeline', '__metadata'] } })
  await page.evaluate(run, arg)
  const complete = new Promise(resolve => cdp.once('Tracing.tracingComplete', resolve))
  await cdp.send('Tracing.end')
  await complete
  await cdp.detach()

  const threadOf = ({ pid, tid }) => `${pid} ${tid}`
  const ofPages = new Set(events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(threadOf))
  const tasks = new Map() // of each page's thread
  for (const event of events) {
    const thread = threadOf(event)
    if (!/RunTask$/.test(event.name) || !event.tdur || !ofPages.has(thread)) continue
    tasks.set(thread, [...tasks.get(thread) ?? [], event.tdur / 1000])
  }
  // Other pages do nothing meanwhile.
  const busy = [...tasks.values()].map(all => ({ all: sum(all), longest: all.reduce((a, b) => Math.max(a, b), 0) }))
  return busy.sort((a, b) => b.all - a.all)[0] ?? { all: 0, longest: 0 }
}

const sum = list => list.reduce((sum, n) => sum + n, 0)
