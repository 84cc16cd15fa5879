// Runs the steps of every repetition on one host, and files what comes back.

import { DATASETS } from './data/datasets.mjs'
import { seriesName } from './results.mjs'
import { stepsFor } from './steps.mjs'

const WARM_UP = 2000

export async function runSuite({ host, options, results }) {
  const peers = host.peers.filter((peer) => !options.peers || options.peers.includes(peer.name))
  for (const dataset of options.datasets) {
    const section = `${host.name} ${dataset}`
    const count = options.countOf(dataset, DATASETS[dataset].count)
    const started = performance.now()
    let rep = 0
    do {
      options.progress(`${section}, repetition ${rep + 1} of ${options.reps}`)
      await runRepetition({ host, peers, dataset, count, rep, section, options, results })
      rep++
    } while (rep < options.reps && hasTime(rep, (performance.now() - started) / 1000, options))
    if (rep < options.reps) options.progress(`${section}: ${rep} of ${options.reps} repetitions, its time is up`)
    options.took(`${host.name}: ${DATASETS[dataset].title}`, performance.now() - started)
  }
}

// Where it is not said how many, there are as many repetitions as time allows, but enough for a median.
export function hasTime(done, seconds, { secondsPerSection, leastReps }) {
  return done < leastReps || seconds * (1 + 1 / done) <= secondsPerSection
}

async function runRepetition({ host, peers, dataset, count, rep, section, options, results }) {
  const session = await host.openSession({ dataset, count })
  const dead = new Map()
  try {
    for (const peer of peers) {
      try {
        const about = await session.load(peer)
        if (about) options.about.set(`${host.name} ${peer.name}`, about)
        if (peer.operations.includes('pipelined')) {
          await session.run(peer, { operation: 'warmUp', durability: peer.durabilities[0], place: 'warm-up', count: Math.min(WARM_UP, count) })
        }
      } catch (error) {
        giveUp(peer, 'loading', error)
      }
    }
    for (const jobs of stepsFor({ host: host.name, peers, count, rep, isFull: options.isFull })) {
      for (const { peer, metric, ...job } of jobs) {
        if (!dead.has(peer)) await run(peer, metric, job)
      }
    }
    for (const extra of host.extras ?? []) {
      if (extra.datasets.includes(dataset)) await extra.run({ session, section, count, results, dead })
    }
  } finally {
    await session.close()
  }

  async function run(peer, metric, job) {
    const series = seriesName(peer, job.way)
    try {
      const result = await session.run(peer, job)
      results.add(section, metric, series, result)
      // The first opening of a new process pays for starting the package as well.
      if (metric === 'reopen' && host.isFreshProcess) results.add(section, 'reopenFirst', series, { samples: [result.samples[0]] })
    } catch (error) {
      results.fail(section, metric, series, error)
      if (error.isFatal) giveUp(peer, 'all the rest', error)
    }
  }

  // What hangs or dies is not tried again in this repetition; that it is missing is counted.
  function giveUp(peer, metric, error) {
    dead.set(peer, error)
    results.fail(section, metric, peer.name, error)
  }
}
