// The records that a filter lets through, newest first: { words, type, magnitude, day }, each of which may be missing.

import { dayMs } from './journal.js'

// More than anybody looks through, and few enough to draw on the map.
const mostRecords = 5000

// Answers { items, more }: items are { seq, value } with highlights where words were searched for; more says that there
// are more than those.
export async function readFeed (views, filter) {
  const items = await take(source(views, filter), mostRecords + 1)
  return { items: items.slice(0, mostRecords), more: items.length > mostRecords }
}

// Each view does what it is best at; the rest of the filter is looked at record by record.
function source ({ query, search, byTime }, filter) {
  if (filter.words) return passing(search.query({ query: filter.words, prefix: true, highlights: true }), filter)
  if (filter.day !== undefined) {
    return passing(byTime.read({ gte: [filter.day], lt: [filter.day + dayMs], reverse: true, keys: false }), filter)
  }
  const rule = {}
  if (filter.type) rule.type = filter.type
  if (filter.magnitude !== undefined) rule.magnitude = { $gte: filter.magnitude }
  return query.read({ query: [{ $filter: rule }], reverse: true, seqs: true, limit: mostRecords + 1 })
}

async function * passing (items, { type, magnitude, day }) {
  for await (const item of items) {
    const { value } = item
    if (type && value.type !== type) continue
    if (magnitude !== undefined && !(value.magnitude >= magnitude)) continue
    if (day !== undefined && !(value.time >= day && value.time < day + dayMs)) continue
    yield item
  }
}

async function take (items, count) {
  const taken = []
  for await (const item of items) {
    taken.push(item)
    if (taken.length === count) break
  }
  return taken
}
