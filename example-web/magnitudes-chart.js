// How strong the earthquakes were.

import { BarChart } from './bar-chart.js'
import { byId } from './element.js'
import { bandOf } from './journal.js'
import { decimal, number } from './wording.js'

// Below zero is right: the scale is logarithmic, and the instruments are good.
const scale = { from: -1, width: 0.5, count: 16 }

const starts = Array.from({ length: scale.count }, (_, bar) => scale.from + bar * scale.width)

export class MagnitudesChart {
  #chart = new BarChart(byId('magnitudes-chart'), {
    name: 'Earthquakes by magnitude',
    headings: ['Magnitude', 'Earthquakes'],
    bars: starts.map(from => ({
      label: label(from),
      tick: Number.isInteger(from) ? String(from).replace('-', '−') : undefined,
      tone: bandOf({ type: 'earthquake', magnitude: from })
    })),
    gridText: number,
    describe: (counts, bar) => `${label(starts[bar])}: ${number(counts[bar])}`,
    overview: counts => {
      const highest = Math.max(...counts)
      return highest === 0 ? 'No earthquakes yet' : `Most often ${label(starts[counts.indexOf(highest)]).toLowerCase()}`
    }
  })

  show (bins) {
    const counts = starts.map(() => 0)
    for (const { from, count } of bins ?? []) {
      const bar = Math.round((from - scale.from) / scale.width)
      counts[Math.min(Math.max(bar, 0), scale.count - 1)] += count
    }
    this.#chart.show(counts)
  }
}

function label (from) {
  if (from === starts.at(-1)) return `Magnitude ${decimal(from)} or more`
  return `Magnitude ${decimal(from)} to ${decimal(from + scale.width)}`
}
