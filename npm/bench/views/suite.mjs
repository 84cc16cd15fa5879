// The views of every peer on one host: each peer's log is filled once, then come the repetitions, in which the peers take
// turns and every job is done by a process or a page that has done nothing before. Appends come last, since they change
// the logs.

import { DATASETS, take } from '../data/datasets.mjs'
import { messages } from '../data/messages.mjs'
import { seriesName } from '../results.mjs'
import { hasTime } from '../suite.mjs'
import { expectedAnswers } from './expected.mjs'
import { MOST_APPENDS } from './measure.mjs'

const DATASET = 'large'
// What is kept from repetitions for the appends.
const SHARE_OF_REPETITIONS = 0.75

export function viewsCount(options) {
  return options.countOf(DATASET, DATASETS[DATASET].count)
}

export async function runViews({ host, options, results }) {
  const section = `${host.name} views`
  const started = performance.now()
  const most = viewsCount(options)
  const peers = host.viewPeers.filter((peer) => !options.peers || options.peers.includes(peer.name))
  const logs = peers.map((peer) => ({ peer, place: 'log', count: Math.min(most, options.isFull ? Infinity : (peer.cap ?? Infinity)), appended: 0, generation: 1 }))
  const expected = expectations(logs)
  const session = await host.openViewSession({ dataset: DATASET, count: most + MOST_APPENDS * 4 * options.reps })
  try {
    const filled = []
    for (const log of logs) {
      options.progress(`${section}: ${log.peer.name}, ${log.count.toLocaleString('en')} records`)
      if (await attempt('filling', log.peer.name, () => session.run(log.peer, { operation: 'views: fill', ...placed(log) }))) filled.push(log)
    }

    let reps = 0
    do {
      options.progress(`${section}, repetition ${reps + 1} of ${options.reps}`)
      for (const work of rotate(filled.flatMap(builds), reps)) await work()
      reps++
    } while (reps < options.reps && hasTime(reps, (performance.now() - started) / 1000 / SHARE_OF_REPETITIONS, options))
    for (let rep = 0; rep < reps; rep++) {
      options.progress(`${section}, appends, repetition ${rep + 1} of ${reps}`)
      for (const work of rotate(filled.flatMap(appends), rep)) await work()
    }
  } finally {
    await session.close()
    options.took(`${host.name}: views`, performance.now() - started)
  }

  function builds(log) {
    const jobs = Object.entries(log.peer.ways).map(([way, does]) => async () => {
      const series = seriesName(log.peer, way)
      const kind = does.includes('totals') ? 'totals' : 'index'
      const job = { operation: 'views: build', ...placed(log), way, does, generation: log.generation, expected: expected.get(log.count) }
      log.generation += 10
      const answer = await attempt(kind, series, () => session.run(log.peer, job))
      if (!answer) return
      const [first, ...again] = answer.builds
      results.add(section, `${kind}First`, series, { count: log.count, ms: first })
      results.add(section, kind, series, { count: log.count, ms: Math.min(...again) })
      for (const [metric, samples] of Object.entries(answer.reads)) results.add(section, metric, series, { samples })
    })
    if (log.peer.isOurs) jobs.push(() => reopen(log), ...(host.hasMainThread ? [() => rebuild(log)] : []))
    return jobs
  }

  async function reopen(log) {
    for (const views of [false, true]) {
      const series = `${log.peer.name}, ${views ? 'five views caught up' : 'no views'}`
      const answer = await attempt('reopen', series, () => session.run(log.peer, { operation: 'views: reopen', ...placed(log), views }))
      if (!answer) continue
      results.add(section, 'reopenFirst', series, { samples: answer.samples.slice(0, 1) })
      results.add(section, 'reopen', series, { samples: answer.samples.slice(1) })
    }
  }

  async function rebuild(log) {
    const work = 'five views rebuilt'
    const answer = await attempt('longestTask', work, () => session.run(log.peer, { operation: 'views: rebuild', ...placed(log), generation: (log.generation += 10) }))
    if (!answer) return
    results.add(section, 'longestTask', work, { samples: [answer.longest] })
    results.add(section, 'longestGap', work, { samples: [answer.gap] })
  }

  function appends(log) {
    const ways = Object.entries(log.peer.ways).filter(([, does]) => does.includes('append'))
    return ways.map(([way, does]) => async () => {
      const series = seriesName(log.peer, way)
      const job = { operation: 'views: append', ...placed(log), way, does, generation: (log.generation += 10), appended: log.appended }
      const answer = await attempt('appendRead', series, () => session.run(log.peer, job))
      if (!answer) return
      log.appended += answer.appended
      for (const [metric, samples] of Object.entries(answer.samples)) results.add(section, metric, series, { samples })
    })
  }

  async function attempt(metric, series, work) {
    try {
      return await work()
    } catch (error) {
      results.fail(section, metric, series, error)
      return null
    }
  }
}

function placed({ place, count }) {
  return { place, count }
}

function expectations(logs) {
  const values = take(messages(DATASET), Math.max(...logs.map(({ count }) => count)))
  return new Map(logs.map(({ count }) => [count, expectedAnswers(values.slice(0, count))]))
}

function rotate(works, by) {
  const from = works.length === 0 ? 0 : by % works.length
  return [...works.slice(from), ...works.slice(0, from)]
}
