// All that the page shows, read from views that stand at one seq: as of now, or as of any past record.

import { readFeed } from './feed.js'

const names = ['query', 'search', 'byTime', 'days', 'magnitudes', 'totals']

// asOf is a seq, or undefined for now.
export function readSnapshot (db, filter, asOf) {
  const read = (...views) => snapshot(views, filter)
  return asOf === undefined ? db.read(names, read) : read(...names.map(name => db.views[name].at(asOf)))
}

async function snapshot ([query, search, byTime, days, magnitudes, totals], filter) {
  const [feed, perDay, perMagnitude, sums] = await Promise.all([
    readFeed({ query, search, byTime }, filter),
    days.get(),
    magnitudes.get(),
    totals.get()
  ])
  return { seq: query.seq, feed, days: perDay, magnitudes: perMagnitude, totals: sums }
}
