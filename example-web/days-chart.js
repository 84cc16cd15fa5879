// How many records each day has, by strength. A day is a button that shows that day's records only.

import { byId, element } from './element.js'
import { bands } from './journal.js'
import { day as dayName, number, shortDay } from './wording.js'

// Days without records between them are left out: a note of today and an earthquake of years ago are neighbours.
const mostDays = 21
const nameWidth = 52

export class DaysChart {
  #pick
  #columns = new Map()
  #picked

  constructor (pick) {
    this.#pick = pick
    byId('days-legend').append(...Object.entries(bands).map(([band, { label }]) => element('li', { class: band }, label)))
  }

  show (histograms, picked) {
    this.#picked = picked
    const counts = new Map()
    for (const [band, bins] of Object.entries(histograms)) {
      for (const { from, count } of bins ?? []) {
        if (!counts.has(from)) counts.set(from, {})
        counts.get(from)[band] = count
      }
    }
    const days = Array.from(counts.keys()).sort((a, b) => a - b).slice(-mostDays)
    const highest = Math.max(1, ...days.map(day => sum(counts.get(day))))

    // Columns that stay are kept, and so is the focus.
    for (const [day, column] of this.#columns) {
      if (days.includes(day)) continue
      column.remove()
      this.#columns.delete(day)
    }
    const root = byId('days-chart')
    const every = Math.ceil(days.length * nameWidth / root.clientWidth)
    days.forEach((day, at) => {
      if (!this.#columns.has(day)) this.#columns.set(day, this.#column(day))
      const column = this.#columns.get(day)
      if (root.children[at] !== column) root.insertBefore(column, root.children[at] ?? null)
      fill(column, day, counts.get(day), highest, day === picked)
      column.classList.toggle('unnamed', (days.length - 1 - at) % every !== 0)
    })
    byId('days-empty').hidden = days.length > 0
  }

  #column (day) {
    const bars = Object.keys(bands).map(band => element('span', { class: `days-part ${band}` }))
    const column = element('button', { type: 'button', class: 'days-column' },
      element('span', { class: 'days-total' }),
      element('span', { class: 'days-spoken visually-hidden' }),
      element('span', { class: 'days-bar', 'aria-hidden': 'true' }, ...bars.toReversed()),
      element('span', { class: 'days-name', 'aria-hidden': 'true' }, shortDay(day)))
    column.addEventListener('click', () => this.#pick(day === this.#picked ? undefined : day))
    return column
  }
}

function fill (column, day, counts, highest, picked) {
  const total = sum(counts)
  column.querySelector('.days-spoken').textContent =
    ` ${total === 1 ? 'record' : 'records'} on ${dayName(day)}, ` +
    Object.entries(bands).filter(([band]) => counts[band]).map(([band, { label }]) => `${number(counts[band])} ${label}`).join('; ')
  column.setAttribute('aria-pressed', picked)
  column.querySelector('.days-total').textContent = number(total)
  for (const band of Object.keys(bands)) {
    const part = column.querySelector(`.${band}`)
    part.hidden = !counts[band]
    part.style.height = `${(counts[band] ?? 0) / highest * 100}%`
  }
}

function sum (counts) {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
