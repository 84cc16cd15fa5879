// Takes the page to any record of the log: everything is then shown as it was when that one was the newest.

import { byId } from './element.js'
import { latestOnly } from './latest-only.js'
import { number, time } from './wording.js'

const stepMs = 120
const stepsOfAPlay = 60

export class TimeSlider {
  #db
  #changed
  #newest = -1
  #asOf
  #playing

  constructor (db, changed) {
    this.#db = db
    this.#changed = changed
    byId('slider').addEventListener('input', () => {
      this.#stop()
      this.#go(Number(byId('slider').value))
    })
    byId('slider-now').addEventListener('click', () => {
      this.toNow()
      byId('slider').focus()
    })
    byId('slider-play').addEventListener('click', () => this.#playing ? this.#stop() : this.#play())
  }

  // The seq of the newest record that is shown; undefined for now, whatever comes.
  get asOf () {
    return this.#asOf
  }

  // The log has records through newest.
  grow (newest) {
    this.#newest = newest
    byId('slider').max = Math.max(newest, 0)
    byId('slider').disabled = byId('slider-play').disabled = newest < 1
    if (this.#asOf === undefined) byId('slider').value = newest
    this.#tell()
  }

  toNow () {
    this.#stop()
    this.#go(this.#newest)
  }

  #go (seq) {
    this.#asOf = seq >= this.#newest ? undefined : seq
    byId('slider').value = Math.min(seq, this.#newest)
    document.body.classList.toggle('past', this.#asOf !== undefined)
    byId('slider-now').disabled = this.#asOf === undefined
    this.#tell()
    return this.#changed()
  }

  #play () {
    const from = this.#asOf === undefined ? 0 : this.#asOf
    const step = Math.max(1, Math.ceil(this.#newest / stepsOfAPlay))
    byId('slider-play').textContent = 'Stop'
    this.#go(from)
    this.#playing = setInterval(() => {
      const next = (this.#asOf ?? this.#newest) + step
      if (next >= this.#newest) this.#stop()
      this.#go(next)
    }, stepMs)
  }

  #stop () {
    clearInterval(this.#playing)
    this.#playing = undefined
    byId('slider-play').textContent = 'Play'
  }

  #tell = latestOnly(async () => {
    const seq = this.#asOf
    if (seq === undefined) return this.#say(this.#newest < 0 ? 'The journal is empty' : `Now: all ${number(this.#newest + 1)} records`)
    // A record may have been deleted, or may have no time of its own.
    const record = await this.#db.get(seq).catch(() => undefined)
    const when = Number.isFinite(record?.time) ? `, ${time(record.time)}` : ''
    this.#say(`As of record ${number(seq + 1)} of ${number(this.#newest + 1)}${when}`)
  })

  #say (text) {
    byId('slider-text').textContent = text
    byId('slider').setAttribute('aria-valuetext', text)
  }
}
