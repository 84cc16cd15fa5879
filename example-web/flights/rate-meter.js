// How fast a count grows: over the last moments while it does, over the whole run once it stands still.

const windowMs = 1500

export class RateMeter {
  #samples = []
  #first
  #last

  add (count, time = performance.now()) {
    if (this.#last && count === this.#last.count) return
    this.#last = { count, time }
    this.#first ??= this.#last
    this.#samples.push(this.#last)
    while (this.#samples.length > 2 && this.#samples[1].time < time - windowMs) this.#samples.shift()
  }

  // per second; undefined until something grew
  get current () {
    return perSecond(this.#samples[0], this.#last)
  }

  get overall () {
    return perSecond(this.#first, this.#last)
  }

  get grown () {
    return this.#last ? this.#last.count - this.#first.count : 0
  }

  get seconds () {
    return this.#last ? (this.#last.time - this.#first.time) / 1000 : 0
  }
}

function perSecond (from, to) {
  if (!from || to.time === from.time) return undefined
  return (to.count - from.count) / (to.time - from.time) * 1000
}
