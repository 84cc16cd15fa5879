// What the views have to answer, worked out from the records by plain JavaScript, and how an answer is held against it.

import { fingerprint } from '../data/fingerprint.mjs'

export const NEWEST = 100
// Authors that write much and such that write little.
const ASKED = [0.02, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98]

// The answers, and a list of authors and types to ask for. It crosses to processes and pages as JSON.
export function expectedAnswers(values) {
  const byAuthor = new Map()
  const types = {}
  for (const value of values) {
    if (!byAuthor.has(value.author)) byAuthor.set(value.author, [])
    byAuthor.get(value.author).push(value)
    const of = (types[value.content.type] ??= { count: 0, sum: 0 })
    of.count++
    of.sum += value.sequence
  }
  const ranked = [...byAuthor].sort(([, a], [, b]) => b.length - a.length)
  const newest = ASKED.map((share) => {
    const [author, written] = ranked[Math.floor(share * ranked.length)]
    const answer = written.slice(-NEWEST).reverse()
    return { author, length: answer.length, fingerprint: fingerprint(answer) }
  })
  return { count: values.length, newest, types }
}

export function checkNewest(answer, { author, length, fingerprint: expected }) {
  const got = fingerprint(answer)
  if (got !== expected) throw new Error(`the newest of ${author} came back as ${got}, expected ${length} records, ${expected}`)
}

// `counts` has a number for each type.
export function checkCounts(counts, { types }) {
  same(counts, Object.fromEntries(Object.entries(types).map(([type, { count }]) => [type, count])), 'counts by type')
}

// `totals` has {count, sum} for each type.
export function checkTotals(totals, { types }) {
  same(totals, types, 'counts and sums by type')
}

export function same(got, expected, what) {
  const [is, should] = [sorted(got), sorted(expected)]
  if (is !== should) throw new Error(`${what} came back as ${is}, expected ${should}`)
}

function sorted(value) {
  return JSON.stringify(value, (_, member) =>
    member && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
