// What this package has set itself, and how a run is held against it. An aim names the slower and the faster side of
// a ratio of medians; where a measurement is missing the aim has failed, whatever the reason.

const OURS = 'flumedb-wasm'
const PIPELINED = 'flumedb-wasm, a promise each'
const SCAN = 'flumedb-wasm, pull-stream'
const DURABILITIES = ['relaxed', 'strict']

const LONGEST_TASK_MS = 50
const FIRST_APPEND_MS = 100
const FIRST_ANSWER_MS = 100
// Memory is bounded if hardly any of what a log has grown by is held by a scan of it.
const HELD_SHARE = 0.05

export function judge(results, options) {
  const judged = aimsOf(options).map((aim) => ({ section: aim.section, what: aim.what, ...verdict(aim, results) }))
  // Of chosen peers only what they were chosen for is expected; what broke is listed as failed all the same.
  return options.peers ? judged.filter(({ verdict }) => verdict !== 'FAILED') : judged
}

function aimsOf(options) {
  const aims = []
  for (const host of options.hosts) {
    if (options.parts.has('peers')) for (const dataset of options.datasets) aims.push(...AIMS[host](`${host} ${dataset}`, dataset))
    if (options.parts.has('views')) aims.push(...viewAims(host))
    if (options.parts.has('start') && host === 'chromium') aims.push(...startAims())
    if (options.parts.has('http') && host === 'chromium') aims.push(firstAnswerAim())
    if (options.parts.has('growth')) aims.push(...growthAims(`${host} growth`, options.growthCounts))
  }
  return aims
}

const AIMS = {
  chromium(section, dataset) {
    const timesDexie = { small: 30, large: 10 }[dataset]
    const timesRows = { small: 4, large: 2.5 }[dataset]
    const timesParse = { small: 1.6, large: 2.7 }[dataset]
    const aims = []
    for (const durability of DURABILITIES) {
      const metric = `pipelined ${durability}`
      if (timesDexie) aims.push(atLeast(timesDexie, section, `${metric}: as fast as Dexie bulkAdd`, [metric, 'dexie'], [metric, PIPELINED]))
      aims.push(atMost(1.15, section, `${metric}: the time of the JavaScript limit`, [metric, PIPELINED], [metric, 'limit']))
      aims.push(above(1, section, `${metric}: as fast as sqlite-wasm`, [metric, 'sqlite'], [metric, PIPELINED]))
    }
    for (const durability of DURABILITIES) {
      const metric = `single ${durability}`
      aims.push(atMost(0.5, section, `one awaited append, ${durability}, p50: Dexie's add`, [metric, OURS], [metric, 'dexie']))
      aims.push(atMost(1.5, section, `one awaited append, ${durability}, p50: a bare put`, [metric, OURS], [metric, 'floor']))
    }
    if (timesRows) aims.push(atLeast(timesRows, section, 'scan: as fast as getAll of rows', ['scan', 'rows'], ['scan', SCAN]))
    if (timesParse) aims.push(atMost(timesParse, section, 'scan: the time of JSON.parse from memory', ['scan', SCAN], ['scan', 'floor']))
    aims.push(atLeast(15, section, "get, cached: as fast as a row's", ['getCached', 'rows'], ['getCached', OURS]))
    aims.push(atMost(4, section, "get, uncached: the time of a row's", ['getUncached', OURS], ['getUncached', 'rows']))
    if (dataset !== 'flights') {
      for (const work of ['batches', 'scan by pull-stream', 'scan by for await']) aims.push(longestTask(section, work))
    }
    return aims
  },

  node(section) {
    return [
      above(1, section, 'batches, relaxed: as fast as flumelog-offset', ['batches relaxed', 'flumelog-offset'], ['batches relaxed', OURS]),
      above(1, section, 'batches, relaxed: as fast as lmdb without fsync', ['batches relaxed', 'lmdb'], ['batches relaxed', OURS]),
      atMost(1.2, section, 'batches, strict: the time of writeSync + fdatasync', ['batches strict', OURS], ['batches strict', 'raw']),
      above(1, section, 'cold scan: as fast as flumelog-offset', ['scan', 'flumelog-offset'], ['scan', SCAN]),
      above(1, section, 'cold scan: as fast as async-append-only-log', ['scan', 'async-append-only-log'], ['scan', SCAN]),
      above(1, section, 'cold scan: as fast as lmdb', ['scan', 'lmdb'], ['scan', SCAN]),
      atMost(1.1, section, 'cold scan: the time of reading and parsing NDJSON', ['scan', SCAN], ['scan', 'raw']),
    ]
  },
}

const LEVEL = 'flumedb-wasm, Level'
const QUERY = 'flumedb-wasm, Query'
const REDUCE = 'flumedb-wasm, Reduce'
const REDUCER = 'flumedb-wasm, JavaScript reducer'
const INDEXES = 'sqlite, indexes'
const VIEW_PEERS = {
  node: { newest: ['flumedb, flumeview-level', 'jitdb, jitdb', INDEXES], counts: ['flumedb, flumeview-reduce', 'jitdb, jitdb', INDEXES], countOf: ['jitdb, jitdb', INDEXES] },
  chromium: { newest: ['jitdb, jitdb', 'dexie, indexes', INDEXES], counts: ['jitdb, jitdb', 'dexie, indexes', INDEXES], countOf: ['jitdb, jitdb', 'dexie, indexes', INDEXES] },
}

function viewAims(host) {
  const section = `${host} views`
  const peers = VIEW_PEERS[host]
  const aims = []
  // In a page the first one waits for the module of views to be fetched.
  for (const [metric, when] of host === 'node' ? [['indexFirst', 'first'], ['index', 'again']] : [['index', 'again']]) {
    for (const ours of [LEVEL, QUERY]) aims.push(above(1, section, `${viewName(ours)}'s index from scratch, ${when}: as fast as SQLite`, [metric, INDEXES], [metric, ours]))
  }
  aims.push(atLeast(2, section, 'Reduce from scratch: as fast as a JavaScript reducer', ['totals', REDUCER], ['totals', REDUCE]))
  for (const peer of peers.newest) aims.push(above(1, section, `newest 100 of an author by Query: as fast as ${peer}`, ['newest', peer], ['newest', QUERY]))
  for (const peer of peers.newest) aims.push(above(1, section, `newest 100 of an author by Level: as fast as ${peer}`, ['newest', peer], ['newest', LEVEL]))
  for (const peer of peers.counts) aims.push(above(1, section, `counts of all types by Reduce: as fast as ${peer}`, ['counts', peer], ['counts', REDUCE]))
  for (const peer of peers.countOf) aims.push(above(1, section, `count of one type by Query: as fast as ${peer}`, ['countOf', peer], ['countOf', QUERY]))
  for (const ours of [LEVEL, QUERY, REDUCE]) aims.push(atMost(1.3, section, `append and read ${viewName(ours)}: the time of the append alone`, ['appendRead', ours], ['appendAlone', ours]))
  aims.push(atMost(1.5, section, 'reopening with five views caught up: the time with none', ['reopen', 'flumedb-wasm, five views caught up'], ['reopen', 'flumedb-wasm, no views']))
  if (host === 'chromium') aims.push(longestTask(section, 'five views rebuilt'))
  return aims
}

function viewName(series) {
  return series.replace(`${OURS}, `, '')
}

function startAims() {
  return ['first visit', 'later visit'].map((visit) => ({
    section: 'chromium start',
    what: `${visit}: from navigation to the first append acknowledged`,
    aim: `under ${FIRST_APPEND_MS} ms`,
    measure(results) {
      const found = results.summary('chromium start', 'firstAppend', visit)
      return found && { ...inMilliseconds(found), isMet: found.median / 1000 < FIRST_APPEND_MS }
    },
  }))
}

function firstAnswerAim() {
  return {
    section: 'chromium http',
    what: 'from a service worker that was stopped to its first answer',
    aim: `under ${FIRST_ANSWER_MS} ms`,
    measure(results) {
      const found = results.summary('chromium http', 'firstAnswer', OURS)
      return found && { ...inMilliseconds(found), isMet: found.median / 1000 < FIRST_ANSWER_MS }
    },
  }
}

function growthAims(section, counts) {
  const [smallest, middle, largest] = counts
  const name = (count) => count.toLocaleString('en')
  return [
    atMost(1.5, section, `reopening ${name(largest)} records: the time of ${name(smallest)}`, ['reopen', String(largest)], ['reopen', String(smallest)]),
    {
      section,
      what: `memory of a scan, of what the log grew from ${name(middle)} to ${name(largest)}`,
      aim: `at most ${HELD_SHARE * 100} %`,
      measure(results) {
        const at = (count) => results.memory.find((entry) => entry.section === section && entry.count === count)
        const [from, to] = [at(middle), at(largest)]
        if (!from || !to) return null
        const share = (held(to) - held(from)) / (to.bytes - from.bytes)
        return { text: `${(share * 100).toFixed(1)} %`, value: share, isMet: share <= HELD_SHARE }
      },
    },
  ]
}

// Resident memory is left out: it counts the file's pages and what the collector has not returned yet.
export function held({ memory: { wasm, heap, arrayBuffers = 0 } }) {
  return wasm + heap + arrayBuffers
}

function longestTask(section, work) {
  return {
    section,
    what: `longest task on the main thread, ${work}`,
    aim: `none over ${LONGEST_TASK_MS} ms`,
    measure(results) {
      const found = results.summary(section, 'longestTask', work)
      if (!found) return null
      const text = found.max === 0 ? `none in ${found.reps} repetitions` : `${short(found.max / 1000)} ms at worst`
      return { text, value: found.max / 1000, isMet: found.max / 1000 <= LONGEST_TASK_MS }
    },
  }
}

function atLeast(bound, section, what, over, under) {
  return ratioAim({ section, what, over, under, aim: `at least ${bound}x`, isMet: (ratio) => ratio >= bound })
}

function above(bound, section, what, over, under) {
  return ratioAim({ section, what, over, under, aim: `more than ${bound}x`, isMet: (ratio) => ratio > bound })
}

function atMost(bound, section, what, over, under) {
  return ratioAim({ section, what, over, under, aim: `at most ${bound}x`, isMet: (ratio) => ratio <= bound })
}

function ratioAim({ section, what, aim, over, under, isMet }) {
  return {
    section,
    what,
    aim,
    measure(results) {
      const [above, below] = [results.entry(section, ...over), results.entry(section, ...under)]
      if (!above || !below) return null
      const [numerator, denominator] = [results.summary(section, ...over), results.summary(section, ...under)]
      const value = numerator.median / denominator.median
      const perRep = above.reps.map((number, i) => number / below.reps[i]).filter(Number.isFinite)
      const range = perRep.length > 1 ? ` [${short(Math.min(...perRep))}–${short(Math.max(...perRep))}]` : ''
      // On a busy machine the best of each side says more than the median; the verdict goes by medians all the same.
      const best = `${short(numerator.min / denominator.min)}x`
      return { text: `${short(value)}x${range}`, best, value, isMet: isMet(value) }
    },
  }
}

function verdict({ aim, measure }, results) {
  const found = measure(results)
  if (!found) return { aim, verdict: 'FAILED', measured: 'not measured' }
  return { aim, verdict: found.isMet ? 'MET' : 'NOT MET', measured: found.text, best: found.best, value: found.value }
}

function inMilliseconds({ median, min, max }) {
  return { text: `${short(median / 1000)} ms [${short(min / 1000)}–${short(max / 1000)}]`, value: median / 1000 }
}

function short(number) {
  return number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2)
}
