// The data set, and how it is read: as batches of records in the order in which they belong into a log, so that
// record n of the data set is the record with seq n. That is what lets an import go on where another one stopped.

import { jsonArrayBatches } from './json-array-batches.js'

const batchSize = 1000

export const flights = {
  name: 'flights',
  // vega-datasets 2 never changes its files. Should the number differ all the same, the file wins: an import ends where
  // the data ends, and this number only says when not to fetch it at all.
  records: 231_083,
  batches: (skip, signal) => download('/data/flights-200k.json', signal, response =>
    jsonArrayBatches(response.body, { skip, size: batchSize }))
}

async function * download (url, signal, read) {
  const response = await fetch(url, { signal })
  if (!response.ok) throw new Error(`${url}: ${(await response.text()).trim() || response.statusText}`)
  yield * read(response)
}
