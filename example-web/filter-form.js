// What of the journal is shown. The filter stands in the page's address, so that a reload and a bookmark keep it.

import { byId } from './element.js'
import { day as dayName } from './wording.js'

const pauseMs = 80

export class FilterForm {
  #day
  #changed

  constructor (changed) {
    this.#changed = changed
    const form = byId('filter-form')
    const params = new URLSearchParams(location.hash.slice(1))
    for (const name of ['words', 'type', 'magnitude']) form.elements[name].value = params.get(name) ?? ''
    if (params.has('day')) this.#day = Number(params.get('day'))
    this.#showDay()

    let later
    form.addEventListener('input', () => {
      clearTimeout(later)
      later = setTimeout(() => this.#change(), pauseMs)
    })
    form.addEventListener('submit', event => event.preventDefault())
    form.addEventListener('reset', () => {
      this.#day = undefined
      setTimeout(() => this.#change())      // the fields are empty after this event
    })
    byId('filter-day-clear').addEventListener('click', () => {
      this.setDay(undefined)
      form.elements.words.focus()
    })
    addEventListener('keydown', event => {
      if (event.key !== '/' || event.target.matches('input, textarea, select')) return
      event.preventDefault()
      form.elements.words.focus()
    })
  }

  get value () {
    const { words, type, magnitude } = byId('filter-form').elements
    const value = {}
    if (words.value.trim()) value.words = words.value.trim()
    if (type.value) value.type = type.value
    if (magnitude.value) value.magnitude = Number(magnitude.value)
    if (this.#day !== undefined) value.day = this.#day
    return value
  }

  // The day that begins then, or undefined for all.
  setDay (day) {
    this.#day = day
    this.#change()
  }

  #change () {
    this.#showDay()
    const params = new URLSearchParams(Object.entries(this.value)).toString()
    history.replaceState(null, '', params ? `#${params}` : location.pathname)
    this.#changed()
  }

  #showDay () {
    byId('filter-day').hidden = this.#day === undefined
    byId('filter-day-name').textContent = this.#day === undefined ? '' : dayName(this.#day)
    byId('filter-clear').disabled = Object.keys(this.value).length === 0
  }
}
