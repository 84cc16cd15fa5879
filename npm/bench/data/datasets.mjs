// The three inputs by name. `readFlights` differs by host: the page fetches the file, Node reads it.

import { messages } from './messages.mjs'

export const DATASETS = {
  small: { title: 'small messages', count: 100_000 },
  large: { title: 'large messages', count: 100_000 },
  flights: { title: 'real flights', count: 231_083 },
}

export const FLIGHTS_PATH = 'node_modules/vega-datasets/data/flights-200k.json'

export async function loadValues(dataset, count, readFlights) {
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
