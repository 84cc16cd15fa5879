// Writes notes. What is typed and not yet appended outlives a reload.

import { byId } from './element.js'

const draftName = 'draft of a note'

export class NoteForm {
  #about

  constructor (append) {
    const text = byId('note-text')
    text.value = sessionStorage.getItem(draftName) ?? ''
    text.addEventListener('input', () => sessionStorage.setItem(draftName, text.value))
    text.addEventListener('keydown', event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) byId('note-form').requestSubmit()
    })
    byId('note-about-clear').addEventListener('click', () => {
      this.#setAbout(undefined)
      text.focus()
    })
    byId('note-form').addEventListener('submit', async event => {
      event.preventDefault()
      const record = { type: 'note', id: crypto.randomUUID(), time: Date.now(), text: text.value.trim() }
      if (record.text === '') return text.focus()
      if (this.#about) Object.assign(record, this.#about)
      await append(record)
      // Only now is it in the log.
      text.value = ''
      sessionStorage.removeItem(draftName)
      this.#setAbout(undefined)
      text.focus()
    })
  }

  // The next note is about that earthquake, and is found by its place and drawn where it was.
  about ({ id, place, longitude, latitude }) {
    this.#setAbout({ about: id, place, longitude, latitude })
    byId('note-text').focus()
  }

  #setAbout (about) {
    this.#about = about
    byId('note-about').hidden = !about
    byId('note-about-place').textContent = about?.place ?? ''
  }
}
