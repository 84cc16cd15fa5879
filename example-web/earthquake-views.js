// What is derived from the earthquakes.

import { Reduce } from 'flumedb-wasm'
import { addOne, barOf } from './bar-scale.js'

export const summary = Reduce(1, {
  initial: { count: 0, strongest: null },
  reduce: ({ count, strongest }, { properties: { mag, place, time } }) => ({
    count: count + 1,
    strongest: mag > (strongest?.mag ?? -Infinity) ? { mag, place, time } : strongest
  })
})

// Events per half magnitude. Below zero is right: the scale is logarithmic, and the instruments are good.
export const magnitudeBars = { from: -1, width: 0.5, count: 16 }

export const magnitudes = Reduce(1, {
  initial: Array(magnitudeBars.count).fill(0),
  map: event => barOf(event.properties.mag, magnitudeBars),
  reduce: addOne
})
