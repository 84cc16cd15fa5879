// The second log: how many earthquakes, the strongest, how strong they were, and the latest few.

import { BarChart } from './bar-chart.js'
import { magnitudeBars } from './earthquake-views.js'
import { byId, element } from './element.js'
import { showNewestRecords } from './newest-records.js'
import { showNewest } from './show-newest.js'
import { decimal, number, time } from './wording.js'

const magnitudesChart = new BarChart(byId('magnitudes-chart'), {
  name: 'Earthquakes by magnitude',
  headings: ['Magnitude', 'Earthquakes'],
  bars: Array.from({ length: magnitudeBars.count }, (_, bar) => {
    const from = magnitudeBars.from + bar * magnitudeBars.width
    return { label: magnitudeLabel(bar), tick: Number.isInteger(from) ? String(from).replace('-', '−') : undefined, tone: 'quake' }
  }),
  gridText: number,
  describe: (counts, bar) => `${magnitudeLabel(bar)}: ${number(counts[bar])} ${counts[bar] === 1 ? 'earthquake' : 'earthquakes'}`,
  overview: counts => {
    const highest = Math.max(...counts)
    return highest === 0 ? 'No earthquakes yet' : `Most often ${magnitudeLabel(counts.indexOf(highest)).toLowerCase()}`
  }
})

export function showEarthquakes (db, signal) {
  showNewest(db.summary.value, signal, showSummary)
  showNewest(db.magnitudes.value, signal, counts => magnitudesChart.show(counts))
  return showNewestRecords(db, 5, signal, records => {
    byId('earthquakes-latest').replaceChildren(...records.map(({ value: { properties } }) => element('li', {},
      element('span', { class: 'magnitude' }, decimal(properties.mag)),
      element('span', { class: 'place' }, properties.place),
      element('time', { datetime: new Date(properties.time).toISOString() }, time(properties.time)))))
  })
}

function showSummary ({ count, strongest }) {
  byId('earthquakes-count').textContent = number(count)
  byId('earthquakes-strongest').textContent = strongest ? `Magnitude ${decimal(strongest.mag)}` : '–'
  byId('earthquakes-place').textContent = strongest ? `${strongest.place}, ${time(strongest.time)}` : ''
}

function magnitudeLabel (bar) {
  const from = magnitudeBars.from + bar * magnitudeBars.width
  if (bar === magnitudeBars.count - 1) return `Magnitude ${decimal(from)} or more`
  return `Magnitude ${decimal(from)} to ${decimal(from + magnitudeBars.width - 0.1)}`
}
