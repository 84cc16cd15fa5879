// Tables for people: one block a metric, one line a series.

import { DATASETS } from './data/datasets.mjs'
import { held } from './aims.mjs'
import { SYNC } from './sync-suite.mjs'
import { viewsCount } from './views/suite.mjs'

const THROUGHPUT = {
  'pipelined relaxed': 'Append, all at once, relaxed',
  'pipelined strict': 'Append, all at once, strict',
  'batches relaxed': 'Append, batches of 1,000 each awaited, relaxed',
  'batches strict': 'Append, batches of 1,000 each awaited, strict',
  scan: 'Scan of everything to objects',
}
const LATENCY = {
  'single relaxed': 'Append, one awaited, relaxed',
  'single strict': 'Append, one awaited, strict',
  getCached: 'Random get, cached',
  getUncached: 'Random get, uncached (log opened anew, reads far apart)',
  reopen: 'Reopening, until the newest record is read',
  reopenFirst: 'The same in a new process, the package imported',
}
const VIEWS = {
  indexFirst: 'Index of author and type from scratch, until its first answer; the first in a process or page',
  index: 'The same again, the better of two',
  totalsFirst: 'Count and sum by type from scratch, until its first answer; the first in a process or page',
  totals: 'The same again, the better of two',
}
const VIEW_READS = {
  newest: 'Newest 100 of an author, ten authors in turn, warm',
  counts: 'Counts of all types, warm',
  countOf: 'Count of one type, warm',
  appendAlone: 'Append, one awaited, to a log without views',
  appendRead: 'Append, one awaited, and read the view',
  reopenFirst: 'Reopening, until the newest record is read and views could answer, in a new process or page',
  reopen: 'The same again',
}
const OURS = 'flumedb-wasm'

export function printHost({ host, options, results }) {
  for (const dataset of options.datasets) {
    const section = `${host.name} ${dataset}`
    if (!results.sections[section]) continue
    heading(`${host.name}: ${DATASETS[dataset].title}, ${number(options.countOf(dataset, DATASETS[dataset].count))} records, ${repetitions(results.sections[section])} repetitions`)
    for (const [key, about] of options.about) if (key.startsWith(host.name)) console.log(`  ${key.split(' ')[1]}: ${about}`)
    for (const [metric, title] of Object.entries({ ...THROUGHPUT, ...LATENCY })) {
      printMetric({ host, results, section, metric, title })
    }
    printMainThread(results, section)
  }
  printViews({ host, options, results })
  if (host.name === 'chromium') printStart(results)
  if (host.name === 'chromium') printHttp(results)
  if (host.name === 'node') printSync(results, options)
  printGrowth(results, `${host.name} growth`)
  if (host.name === 'node') printHomes({ host, results })
}

function printViews({ host, options, results }) {
  const section = `${host.name} views`
  const measured = results.sections[section]
  if (!measured) return
  const reps = Math.max(0, ...Object.values(measured.index ?? {}).map(({ reps }) => reps.length))
  heading(`${host.name}: views of ${number(viewsCount(options))} large messages, ${reps} repetitions`)
  for (const [metric, title] of Object.entries(VIEWS)) printMetric({ host, results, section, metric, title })
  for (const [metric, title] of Object.entries(VIEW_READS)) printMetric({ host, results, section, metric, title, isLatency: true })
  printMainThread(results, section)
}

function printHomes({ host, results }) {
  if (!results.sections.homes) return
  heading('homes: records of 600 bytes over HTTP, from Node over the loopback')
  printMetric({ host, results, section: 'homes', metric: 'appendOne', title: 'Append, one awaited', isLatency: true })
  printMetric({ host, results, section: 'homes', metric: 'appendParallel', title: 'Append, one a request, 64 clients' })
  printMetric({ host, results, section: 'homes', metric: 'appendBatches', title: 'Append, 1,000 a request as NDJSON, each awaited' })
}

function repetitions(metrics) {
  return Math.max(...Object.values(metrics.scan ?? {}).map(({ reps }) => reps.length))
}

function printMetric({ host, results, section, metric, title, isLatency = metric in LATENCY }) {
  const measured = results.sections[section]?.[metric]
  if (!measured) return
  const floor = host.floors[metric.split(' ')[0]]
  const ours = Object.keys(measured).find((series) => series.startsWith(OURS))
  const titles = Object.fromEntries([...host.viewPeers, ...host.peers].map((peer) => [peer.name, peer.title ?? peer.name]))
  const median = (series) => series && measured[series] && results.summary(section, metric, series).median

  const lines = Object.keys(measured)
    .sort((a, b) => median(a) - median(b))
    .map((series) => {
      const { median: middle, min, max, p99, count } = results.summary(section, metric, series)
      return [
        series.replace(/^[^,]+/, (name) => titles[name] ?? name),
        `${time(middle)} [${time(min)}–${time(max)}]`,
        isLatency ? (p99 !== null ? `p99 ${time(p99)}` : '') : `${number(1e6 / middle)}/s`,
        isLatency ? '' : `${number((middle * count) / 1000)} ms for ${number(count)}`,
        times(middle, median(ours)),
        times(middle, median(floor)),
      ]
    })
  console.log(`\n  ${title}`)
  printColumns([['', isLatency ? 'p50' : 'a record', '', '', 'of ours', floor ? `of ${titles[floor]}` : ''], ...lines])
}

function printMainThread(results, section) {
  const tasks = results.sections[section]?.longestTask
  if (!tasks) return
  console.log('\n  Main thread while our package works (a task is reported from 50 ms on)')
  printColumns([
    ['', 'longest task of all repetitions', 'longest gap between two messages, median'],
    ...Object.keys(tasks).map((work) => {
      const { max } = results.summary(section, 'longestTask', work)
      const gap = results.summary(section, 'longestGap', work)
      return [work, max === 0 ? 'none' : time(max), `${time(gap.median)} [${time(gap.min)}–${time(gap.max)}]`]
    }),
  ])
}

function printStart(results) {
  const visits = results.sections['chromium start']?.firstAppend
  if (!visits) return
  heading('chromium: from navigation to the first append acknowledged')
  printColumns(
    Object.keys(visits).map((visit) => {
      const { median, min, max, reps } = results.summary('chromium start', 'firstAppend', visit)
      return [visit, `${time(median)} [${time(min)}–${time(max)}]`, `${reps} times`]
    }),
  )
}

function printHttp(results) {
  const section = 'chromium http'
  const measured = results.sections[section]
  if (!measured) return
  heading('chromium: through a service worker, beside a database in the page')
  for (const [metric, ways] of Object.entries(measured)) {
    const summaries = Object.keys(ways).map((way) => [way.replace('flumedb-wasm, ', ''), results.summary(section, metric, way)])
    const reference = summaries[0][1].median
    console.log(`\n  ${metric === 'firstAnswer' ? 'First answer of a worker that was stopped' : metric}`)
    printColumns(
      summaries.map(([way, { median, min, max, p99 }]) => [
        way,
        `${time(median)} [${time(min)}–${time(max)}]`,
        p99 === null ? `${number(1e6 / median)}/s` : `p99 ${time(p99)}`,
        summaries.length > 1 ? times(median, reference) : '',
      ]),
    )
  }
}

function printSync(results, options) {
  const measured = results.sections[SYNC.section]?.[SYNC.metric]
  if (!measured) return
  heading(`node: a new replica pulls ${options.about.get(SYNC.section)} from a server on this machine`)
  printColumns(
    Object.keys(measured).map((series) => {
      const { median, min, max, count } = results.summary(SYNC.section, SYNC.metric, series)
      return [series, `${time(median * count)} [${time(min * count)}–${time(max * count)}]`]
    }),
  )
}

function printGrowth(results, section) {
  const sizes = results.memory.filter((entry) => entry.section === section)
  if (sizes.length === 0) return
  heading(`${section.split(' ')[0]}: logs of growing length`)
  printColumns([
    ['records', 'bytes of JSON', 'reopen', 'held by a scan', 'of it wasm', 'JavaScript', 'resident'],
    ...sizes.map((entry) => {
      const { median, min, max } = results.summary(section, 'reopen', String(entry.count))
      const { wasm, heap, arrayBuffers = 0, rss } = entry.memory
      const reopen = `${time(median)} [${time(min)}–${time(max)}]`
      return [number(entry.count), megabytes(entry.bytes), reopen, megabytes(held(entry)), megabytes(wasm), megabytes(heap + arrayBuffers), rss ? megabytes(rss) : '']
    }),
  ])
}

export function printVerdicts({ verdicts, results, options, durations }) {
  heading('the aims')
  if (options.isQuick) console.log('  (--quick: fewer records than the aims are meant for)')
  printColumns([
    ['', '', 'measured (medians)', 'of the best', 'aim', ''],
    ...verdicts.map(({ section, what, measured, best, aim, verdict }) => [section, what, measured, best ?? '', aim, verdict]),
  ])
  const tally = (name) => verdicts.filter(({ verdict }) => verdict === name).length
  console.log(`\n  ${tally('MET')} met, ${tally('NOT MET')} not met, ${tally('FAILED')} failed to be measured`)

  heading('how long it took')
  printColumns(durations.map(({ part, seconds }) => [part, `${seconds.toFixed(0)} s`]))
  console.log(`  ${durations.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(0)} s in all`)

  if (results.failures.length === 0) return
  heading(`${results.failures.length} MEASUREMENTS FAILED`)
  for (const { section, metric, series, message } of results.failures) console.log(`  ${section} · ${metric} · ${series}: ${message.split('\n')[0]}`)
}

function heading(text) {
  console.log(`\n${text}\n${'='.repeat(text.length)}`)
}

function printColumns(rows) {
  const widths = []
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)))
  for (const row of rows) console.log(`    ${row.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd())
}

function times(value, reference) {
  if (!reference) return ''
  const ratio = value / reference
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)}x`
}

function time(microseconds) {
  if (microseconds >= 100_000) return `${(microseconds / 1000).toFixed(0)} ms`
  if (microseconds >= 1000) return `${(microseconds / 1000).toFixed(1)} ms`
  return `${microseconds >= 10 ? microseconds.toFixed(0) : microseconds.toFixed(2)} us`
}

function number(value) {
  return Math.round(value).toLocaleString('en')
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
