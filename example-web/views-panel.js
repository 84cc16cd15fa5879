// How far each view is behind its log. During an import they follow closely; after "Rebuild views" they replay it all.

import { byId, element } from './element.js'
import { showSoon } from './frames.js'
import { duration, number, rate } from './wording.js'

export function showViews (db, signal) {
  const rows = new Map(Object.keys(db.views).map(view => [view, new ViewRow(view)]))
  byId('views-rows').replaceChildren(...Array.from(rows.values(), row => row.root))
  const { unsubscribe } = db.progress.subscribe(progress => rows.get(progress?.view)?.show(progress))
  signal.addEventListener('abort', unsubscribe, { once: true })
}

class ViewRow {
  #seq = element('td', {}, '–')
  #bar = element('progress', { max: 1, value: 0 })
  #state = element('td', { class: 'quiet' }, 'opening')

  constructor (view) {
    this.#bar.setAttribute('aria-label', `Progress of ${view}`)
    this.root = element('tr', {}, element('th', { scope: 'row' }, view), this.#seq,
      element('td', { class: 'bar' }, this.#bar), this.#state)
  }

  show (progress) {
    showSoon(this, () => {
      const { seq, total, error } = progress
      this.#seq.textContent = number(seq)
      this.#bar.max = Math.max(total, 1)
      this.#bar.value = Math.max(seq, 0)
      this.#state.textContent = error ? `stopped: ${error.message}` : seq >= total ? 'up to date' : pace(progress)
    })
  }
}

function pace ({ rate: perSecond, eta }) {
  return eta === undefined ? 'starting' : `${rate(perSecond)} records/s, ${duration(eta / 1000)} left`
}
