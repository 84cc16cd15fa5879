// What the views of the flights say: totals, the histogram of delays, the hours of the day.

import { BarChart } from '../bar-chart.js'
import { byId } from '../element.js'
import { delayBars, lateFromMinutes } from './flight-views.js'
import { showNewest } from './show-newest.js'
import { decimal, number, share, short } from '../wording.js'

const delaysChart = new BarChart(byId('delays-chart'), {
  name: 'Flights by delay',
  headings: ['Delay', 'Flights'],
  bars: Array.from({ length: delayBars.count }, (_, bar) => delayBar(bar)),
  gridText: number,
  describe: (counts, bar) => `${delayBar(bar).label}: ${plural(counts[bar])}, ${share(counts[bar], sum(counts))}`,
  overview: counts => {
    const flights = sum(counts)
    if (flights === 0) return 'No flights yet'
    const most = counts.indexOf(Math.max(...counts))
    return `Most often ${delayBar(most).label}: ${share(counts[most], flights)} of ${plural(flights)}`
  }
})

let latestHours = { flights: Array(24).fill(0), late: Array(24).fill(0) }
const hoursChart = new BarChart(byId('hours-chart'), {
  name: 'Share of late flights by hour of departure',
  headings: ['Hour', 'Late'],
  bars: Array.from({ length: 24 }, (_, hour) => ({
    label: hourLabel(hour),
    tick: hour % 6 === 0 ? `${hour}:00` : undefined,
    tone: 'late'
  })),
  gridText: percent => `${number(percent)} %`,
  describe: (_, hour) => {
    const { flights, late } = latestHours
    if (isRare(flights, hour)) return `${hourLabel(hour)}: ${plural(flights[hour])}, too few to compare`
    return `${hourLabel(hour)}: ${share(late[hour], flights[hour])} of ${plural(flights[hour])} late`
  },
  overview: shares => {
    if (Math.max(...shares) === 0) return 'No flights yet'
    const worst = shares.indexOf(Math.max(...shares))
    return `Worst ${hourLabel(worst)}: ${share(latestHours.late[worst], latestHours.flights[worst])} late`
  }
})

export function showFlights (db, signal) {
  showNewest(db.totals.value, signal, showTotals)
  showNewest(db.delays.value, signal, counts => delaysChart.show(counts))
  showNewest(db.hours.value, signal, hours => {
    latestHours = hours
    hoursChart.show(hours.flights.map((flights, hour) => isRare(hours.flights, hour) ? 0 : hours.late[hour] / flights * 100))
  })
}

function showTotals ({ count, minutes, late, miles }) {
  byId('tile-delay').textContent = count === 0 ? '–' : decimal(minutes / count)
  byId('tile-late').textContent = share(late, count)
  byId('tile-miles').textContent = count === 0 ? '–' : short(miles)
}

function delayBar (bar) {
  const from = delayBars.from + bar * delayBars.width
  const to = from + delayBars.width - 1
  return {
    label: delayLabel(from, to, bar),
    tick: from % 60 === 0 ? (bar === delayBars.count - 1 ? `${from}+` : String(from).replace('-', '−')) : undefined,
    tone: from < 0 ? 'early' : from < lateFromMinutes ? 'on-time' : 'late'
  }
}

function delayLabel (from, to, bar) {
  if (bar === 0) return `${-to} min early or more`
  if (bar === delayBars.count - 1) return `${from} min late or more`
  return from < 0 ? `${-to} to ${-from} min early` : `${from} to ${to} min late`
}

function hourLabel (hour) {
  return `${hour}:00 to ${hour}:59`
}

// Hardly a plane is meant to leave at midnight: those that do are late, and their bars would tower over all others.
function isRare (flights, hour) {
  return flights[hour] < sum(flights) / 200
}

function plural (flights) {
  return `${number(flights)} ${flights === 1 ? 'flight' : 'flights'}`
}

function sum (counts) {
  return counts.reduce((total, count) => total + count, 0)
}
