// One line that is written over on a terminal; elsewhere, a line from time to time.
export class ProgressLine {
  #what
  #had
  #total
  #start = performance.now()
  #last = 0

  constructor (what, had, total) {
    this.#what = what
    this.#had = had
    this.#total = total
  }

  show (count) {
    const now = performance.now()
    const isDue = now - this.#last > (process.stdout.isTTY ? 50 : 1000)
    if (!isDue && count < this.#total) return
    this.#last = now
    const seconds = (now - this.#start) / 1000
    const perSecond = (count - this.#had) / seconds
    const left = count < this.#total ? `, ${((this.#total - count) / perSecond).toFixed(1)} s left` : ` in ${seconds.toFixed(1)} s`
    const text = `${number(count)} of ${number(this.#total)} ${this.#what} (${percent(count / this.#total)}), ${number(perSecond)} records/s${left}`
    process.stdout.write(process.stdout.isTTY ? `\r\x1b[K${text}` : `${text}\n`)
  }

  end () {
    if (this.#last > 0 && process.stdout.isTTY) process.stdout.write('\n')
  }
}

export function number (value) {
  return Math.round(value).toLocaleString('en')
}

export function percent (part) {
  return `${(part * 100).toFixed(1)} %`
}
