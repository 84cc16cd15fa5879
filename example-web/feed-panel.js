// The records, newest first.

import { byId, element } from './element.js'
import { bandOf } from './journal.js'
import { marked } from './marked-text.js'
import { decimal, number, time } from './wording.js'

// On one column the charts come below the feed, and must not be far.
const pageLength = matchMedia('(max-width: 900px)').matches ? 8 : 25

export class FeedPanel {
  #actions
  #shown = pageLength
  #feed
  #filter = '{}'

  // actions: noteOn(record), remove(seq)
  constructor (actions) {
    this.#actions = actions
    byId('feed-more').addEventListener('click', () => {
      const first = this.#shown
      this.#shown += pageLength
      this.#fill()
      byId('feed').children[first]?.focus()
    })
  }

  show (feed, filter) {
    const filterNow = JSON.stringify(filter)
    if (filterNow !== this.#filter) this.#shown = pageLength
    // How many there are is spoken where somebody has asked for others, not with each record that comes.
    byId('feed-count').setAttribute('aria-live', filterNow === this.#filter ? 'off' : 'polite')
    this.#filter = filterNow
    this.#feed = feed
    this.#fill()
  }

  #fill () {
    const { items, more } = this.#feed
    const count = `${number(items.length)}${more ? ' or more' : ''}`
    byId('feed-count').textContent = items.length === 1 ? '1 record' : `${count} records`
    byId('feed').replaceChildren(...items.slice(0, this.#shown).map(item => this.#item(item)))
    byId('feed-empty').hidden = items.length > 0
    byId('feed-more').hidden = items.length <= this.#shown
  }

  #item ({ seq, value, highlights = [] }) {
    const band = bandOf(value)
    const text = path => marked(value[path], highlights.find(found => found.path[0] === path)?.ranges)
    const line = element('p', { class: 'entry-line' })
    const body = element('div', { class: 'entry-body' })
    const buttons = element('div', { class: 'entry-buttons' })
    if (value.type === 'earthquake') {
      body.append(element('p', { class: 'entry-title' }, ...text('place')))
      if (value.cause !== 'earthquake') line.append(...text('cause'), ' · ')
      line.append(when(value), ` · ${number(value.depth)}\u00a0km\u00a0deep`)
      buttons.append(button('Note', `Write a note on ${value.place}`, () => this.#actions.noteOn(value)))
    } else if (value.type === 'note') {
      body.append(element('p', { class: 'entry-text' }, ...text('text')))
      line.append(when(value))
      if (value.place) line.append(' · on ', ...text('place'))
      buttons.append(button('Delete', `Delete the note of ${time(value.time)}`, () => this.#actions.remove(seq)))
    } else {
      // An imported record of another kind.
      body.append(element('p', { class: 'entry-text entry-json' }, JSON.stringify(value).slice(0, 300)))
      line.append(when(value) ?? '')
    }
    body.append(line)
    return element('li', { class: `entry ${band}`, tabindex: -1, 'data-seq': seq },
      element('span', { class: 'entry-mark' }, ...mark(value)), body, buttons)
  }
}

function mark ({ type, magnitude }) {
  if (type === 'earthquake') return [element('span', { class: 'visually-hidden' }, 'Magnitude '), decimal(magnitude)]
  return [element('span', { class: 'visually-hidden' }, type === 'note' ? 'Note' : 'Record'), element('span', { 'aria-hidden': 'true' }, type === 'note' ? '✎' : '{ }')]
}

function when ({ time: ms }) {
  return Number.isFinite(ms) ? element('time', { datetime: new Date(ms).toISOString() }, time(ms)) : undefined
}

function button (text, label, act) {
  const made = element('button', { type: 'button', class: 'small', 'aria-label': label }, text)
  made.addEventListener('click', act)
  return made
}
