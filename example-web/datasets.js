// The two data sets, and how each is read: as batches of records in the order in which they belong into a log, so that
// record n of the data set is the record with seq n. That is what lets an import go on where another one stopped.

import { jsonArrayBatches } from './json-array-batches.js'

// Of flights; an earthquake is ten times as long.
const batchSize = 1000
const earthquakeBatchSize = 200

export const flights = {
  name: 'flights',
  // vega-datasets 2 never changes its files. Should the number differ all the same, the file wins: an import ends where
  // the data ends, and this number only says when not to fetch it at all.
  records: 231_083,
  batches: (skip, signal) => download('/data/flights-200k.json', signal, response =>
    jsonArrayBatches(response.body, { skip, size: batchSize }))
}

export const earthquakes = {
  name: 'earthquakes',
  records: 1_707,
  batches: (skip, signal) => download('/data/earthquakes.json', signal, response =>
    oldestFirst(response, skip))
}

// The feed begins with the newest event; a log ends with it.
async function * oldestFirst (response, skip) {
  const { features } = await response.json()
  features.sort((a, b) => a.properties.time - b.properties.time)
  for (let at = skip; at < features.length; at += earthquakeBatchSize) yield features.slice(at, at + earthquakeBatchSize)
}

async function * download (url, signal, read) {
  const response = await fetch(url, { signal })
  if (!response.ok) throw new Error(`${url}: ${(await response.text()).trim() || response.statusText}`)
  yield * read(response)
}
