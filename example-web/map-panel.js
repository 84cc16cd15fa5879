// Where the records are that the feed has: a map of the world in which degrees are equally long everywhere.

import { fetchCoastlines } from './coastlines.js'
import { byId } from './element.js'
import { bandOf } from './journal.js'
import { decimal, number } from './wording.js'

const south = -60
const north = 80

export class MapPanel {
  #canvas = byId('map')
  #coastlines = []
  #items = []

  constructor () {
    new ResizeObserver(() => this.#draw()).observe(this.#canvas)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw())
    fetchCoastlines().then(lines => {
      this.#coastlines = lines
      this.#draw()
    }, error => console.warn(error))
  }

  show (items) {
    // The strongest are drawn last, over the others.
    this.#items = items.map(({ value }) => value)
      .filter(({ longitude, latitude }) => Number.isFinite(longitude) && Number.isFinite(latitude))
      .sort((a, b) => (a.magnitude ?? 9) - (b.magnitude ?? 9))
    const strongest = this.#items.findLast(({ type }) => type === 'earthquake')
    byId('map-text').textContent = this.#items.length === 0
      ? 'Nothing to be drawn'
      : `${number(this.#items.length)} places` + (strongest ? `; the strongest: magnitude ${decimal(strongest.magnitude)}, ${strongest.place}` : '')
    this.#draw()
  }

  #draw () {
    const { clientWidth: width, clientHeight: height } = this.#canvas
    const ratio = devicePixelRatio
    this.#canvas.width = width * ratio
    this.#canvas.height = height * ratio
    const context = this.#canvas.getContext('2d')
    context.scale(ratio, ratio)
    const place = (longitude, latitude) => [(longitude + 180) / 360 * width, (north - latitude) / (north - south) * height]
    const style = getComputedStyle(this.#canvas)

    context.beginPath()
    for (const line of this.#coastlines) {
      line.forEach(([longitude, latitude], at) => {
        if (at === 0) context.moveTo(...place(longitude, latitude))
        else context.lineTo(...place(longitude, latitude))
      })
    }
    context.strokeStyle = style.getPropertyValue('--coast')
    context.lineWidth = 0.8
    context.stroke()

    context.globalAlpha = 0.65
    for (const item of this.#items) {
      context.fillStyle = style.getPropertyValue(`--${bandOf(item)}`)
      context.beginPath()
      context.arc(...place(item.longitude, item.latitude), radius(item), 0, 2 * Math.PI)
      context.fill()
    }
  }
}

function radius ({ magnitude }) {
  return magnitude === undefined ? 4 : 1.2 + Math.max(magnitude, 0) ** 1.5 / 2.4
}
