// The three inputs by name. `readFlights` differs by host: the page fetches the file, Node reads it.

import { fingerprint } from './fingerprint.mjs'
import { messages } from './messages.mjs'

export const DATASETS = {
  small: { title: 'small messages', count: 100_000 },
  large: { title: 'large messages', count: 100_000 },
  flights: { title: 'real flights', count: 231_083 },
}

export const FLIGHTS_PATH = 'node_modules/vega-datasets/data/flights-200k.json'

// The records of a dataset and the fingerprints of its beginnings, each made once, when first asked for.
export function inputOf(dataset, count, readFlights) {
  const fingerprints = new Map()
  let values
  return {
    values: () => (values ??= loadValues(dataset, count, readFlights)),
    async fingerprint(count) {
      if (!fingerprints.has(count)) fingerprints.set(count, fingerprint((await this.values()).slice(0, count)))
      return fingerprints.get(count)
    },
  }
}

async function loadValues(dataset, count, readFlights) {
  if (dataset !== 'flights') return take(messages(dataset), count)

  const flights = await readFlights()
  if (flights.length < count) throw new Error(`the flights file holds ${flights.length} records, ${count} are needed`)
  return flights.slice(0, count)
}

export function take(iterator, count) {
  const taken = new Array(count)
  for (let i = 0; i < count; i++) taken[i] = iterator.next().value
  return taken
}
