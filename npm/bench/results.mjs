// Everything measured in one run: for each host and dataset, for each metric, for each series (a peer, or one way of
// using it), one number a repetition. All numbers are microseconds: of a record, a get, an append, a reopening.

import { median, quantile, spread } from './statistics.mjs'

export class Results {
  constructor() {
    this.sections = {}
    this.memory = []
    this.failures = []
  }

  add(section, metric, series, result) {
    const metrics = (this.sections[section] ??= {})
    const entry = ((metrics[metric] ??= {})[series] ??= { reps: [], count: result.count, samples: result.samples && [] })
    if (result.samples) {
      entry.reps.push(median(result.samples) * 1000)
      entry.samples.push(...result.samples.map((ms) => ms * 1000))
    } else {
      entry.reps.push((result.ms * 1000) / result.count)
    }
  }

  fail(section, metric, series, error) {
    const failure = { section, metric, series, message: String(error?.message ?? error) }
    this.failures.push(failure)
    console.error(`\nFAILED  ${[section, metric, series].filter(Boolean).join(' · ')}: ${failure.message}\n`)
  }

  entry(section, metric, series) {
    return this.sections[section]?.[metric]?.[series]
  }

  summary(section, metric, series) {
    const entry = this.entry(section, metric, series)
    if (!entry) return null
    return { ...spread(entry.reps), count: entry.count, p99: entry.samples ? quantile(entry.samples, 0.99) : null, samples: entry.samples?.length }
  }

  toJSON() {
    const sections = {}
    for (const [section, metrics] of Object.entries(this.sections)) {
      sections[section] = {}
      for (const [metric, series] of Object.entries(metrics)) {
        sections[section][metric] = {}
        for (const name of Object.keys(series)) {
          sections[section][metric][name] = { ...this.summary(section, metric, name), perRep: series[name].reps }
        }
      }
    }
    return { unit: 'us', sections, memory: this.memory, failures: this.failures }
  }
}

export function seriesName(peer, way) {
  return way === undefined ? peer.name : `${peer.name}, ${way}`
}
