// A bar chart of HTML boxes: it follows the width of its column, its colours and its letters are CSS, and it can be read
// in three ways: by pointer, by arrow keys (to assistive technology it is a slider that speaks the picked bar), and as a
// table.

import { element } from './element.js'

export class BarChart {
  #bars
  #describe
  #overview
  #gridText
  #values
  #picked
  #lastPicked = 0
  #plot; #boxes; #grid; #readout; #table

  // bars: [{ label, tick?, tone? }]: label says a bar in full, tick is what stands under it, tone is its CSS class.
  // describe(values, bar) is the sentence for a picked bar, overview(values) the one while none is picked.
  constructor (root, { name, bars, headings, describe, overview, gridText = String }) {
    this.#bars = bars
    this.#describe = describe
    this.#overview = overview
    this.#gridText = gridText
    this.#values = bars.map(() => 0)

    this.#readout = element('p', { class: 'chart-readout' })
    this.#plot = this.#buildPlot(name)
    this.#table = this.#buildTable(name, headings)
    root.append(this.#readout, this.#plot, this.#buildTicks(), this.#table)
    this.#speak(0)
    this.show(this.#values)
  }

  show (values) {
    this.#values = values
    const { top, lines } = gridFor(Math.max(...values))
    this.#boxes.forEach((box, at) => { box.style.height = `${values[at] / top * 100}%` })
    this.#grid.replaceChildren(...lines.map(line => {
      const rule = element('span', { 'data-number': this.#gridText(line) })
      rule.style.bottom = `${line / top * 100}%`
      return rule
    }))
    this.#showReadout()
    if (this.#table.open) this.#fillTable()
  }

  #pick (bar) {
    if (bar === this.#picked) return
    if (this.#picked !== undefined) this.#boxes[this.#picked].classList.remove('picked')
    this.#picked = bar
    if (bar !== undefined) {
      this.#lastPicked = bar
      this.#boxes[bar].classList.add('picked')
      this.#speak(bar)
    }
    this.#showReadout()
  }

  // Only when another bar is picked, not with each new value: a chart that fills would never stop talking.
  #speak (bar) {
    this.#plot.setAttribute('aria-valuenow', bar)
    this.#plot.setAttribute('aria-valuetext', this.#describe(this.#values, bar))
  }

  #showReadout () {
    this.#readout.textContent = this.#picked === undefined
      ? this.#overview(this.#values)
      : this.#describe(this.#values, this.#picked)
  }

  #buildPlot (name) {
    this.#grid = element('div', { class: 'chart-grid' })
    this.#boxes = this.#bars.map(({ tone = '' }) => element('div', { class: `chart-bar ${tone}` }))
    const plot = element('div', {
      class: 'chart-plot',
      role: 'slider',
      tabindex: 0,
      'aria-label': `${name}, bar by bar`,
      'aria-valuemin': 0,
      'aria-valuemax': this.#bars.length - 1
    }, this.#grid, element('div', { class: 'chart-bars', style: `--bars: ${this.#bars.length}` }, ...this.#boxes))

    plot.addEventListener('pointermove', event => this.#pick(this.#barAt(event.clientX)))
    plot.addEventListener('pointerdown', event => this.#pick(this.#barAt(event.clientX)))
    plot.addEventListener('pointerleave', () => this.#pick(undefined))
    plot.addEventListener('focus', () => {
      if (plot.matches(':focus-visible')) this.#pick(this.#lastPicked)
    })
    plot.addEventListener('blur', () => this.#pick(undefined))
    plot.addEventListener('keydown', event => this.#onKey(event))
    return plot
  }

  #barAt (x) {
    const { left, width } = this.#plot.getBoundingClientRect()
    return clamp(Math.floor((x - left) / width * this.#bars.length), 0, this.#bars.length - 1)
  }

  #onKey (event) {
    const last = this.#bars.length - 1
    const at = this.#picked ?? this.#lastPicked
    const target = {
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      PageUp: at + 5,
      PageDown: at - 5,
      Home: 0,
      End: last
    }[event.key]
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    this.#pick(clamp(target, 0, last))
  }

  #buildTicks () {
    const ticks = element('div', { class: 'chart-ticks', 'aria-hidden': 'true' })
    this.#bars.forEach(({ tick }, at) => {
      if (tick === undefined) return
      const mark = element('span', {}, tick)
      mark.style.left = `${(at + 0.5) / this.#bars.length * 100}%`
      ticks.append(mark)
    })
    return ticks
  }

  // Its rows are made when it is first opened: most people never do.
  #buildTable (name, headings) {
    const body = element('tbody')
    const table = element('table', {},
      element('caption', { class: 'visually-hidden' }, name),
      element('thead', {},
        element('tr', {}, ...headings.map(heading => element('th', { scope: 'col' }, heading)))),
      body)
    const details = element('details', { class: 'chart-table' },
      element('summary', {}, 'Show as a table'),
      element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${name}, as a table` }, table))
    details.addEventListener('toggle', () => {
      if (body.children.length === 0) {
        body.append(...this.#bars.map(({ label }) =>
          element('tr', {}, element('th', { scope: 'row' }, label), element('td'))))
      }
      this.#fillTable()
    })
    return details
  }

  #fillTable () {
    this.#table.querySelectorAll('tbody td').forEach((cell, at) => {
      cell.textContent = this.#gridText(this.#values[at])
    })
  }
}

// At most four lines at round numbers, and a top a little above the highest bar.
function gridFor (highest) {
  if (highest <= 0) return { top: 1, lines: [] }
  const rough = highest / 3
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * [1, 2, 2.5, 5, 10].find(factor => factor * power >= rough)
  const lines = []
  for (let line = step; line <= highest; line += step) lines.push(line)
  return { top: highest * 1.04, lines }
}

function clamp (value, from, to) {
  return Math.min(Math.max(value, from), to)
}
