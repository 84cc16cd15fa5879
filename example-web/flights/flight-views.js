// What is derived from the flights: three views, each a pure step from one state to the next. Change what a view keeps
// and raise its version: the log is then replayed into it.

import { Reduce } from 'flumedb-wasm'
import { addOne, barOf } from './bar-scale.js'

// The convention of the airline statistics these records come from.
export const lateFromMinutes = 15

export const totals = Reduce(1, {
  initial: { count: 0, minutes: 0, late: 0, miles: 0 },
  reduce: (sums, flight) => ({
    count: sums.count + 1,
    minutes: sums.minutes + flight.delay,
    late: sums.late + isLate(flight),
    miles: sums.miles + flight.distance
  })
})

// Flights per five minutes of delay. The first bar takes everything earlier, the last everything later.
export const delayBars = { from: -60, width: 5, count: 49 }

export const delays = Reduce(1, {
  initial: Array(delayBars.count).fill(0),
  map: flight => barOf(flight.delay, delayBars),
  reduce: addOne
})

export const hours = Reduce(1, {
  initial: { flights: Array(24).fill(0), late: Array(24).fill(0) },
  map: flight => ({ hour: Math.floor(flight.time) % 24, late: isLate(flight) }),
  reduce: ({ flights, late }, flight) => ({
    flights: addOne(flights, flight.hour),
    late: flight.late ? addOne(late, flight.hour) : late
  })
})

function isLate (flight) {
  return flight.delay >= lateFromMinutes ? 1 : 0
}
