// How the log stands with the browser's storage, in a person's words.

import { byId } from './element.js'
import { bytes, number } from './wording.js'

const madeRoom = {
  compact: 'There was no room for a moment: what was written in small pieces has been put together.',
  checkpoints: 'There was no room: what the views had stored was given up for the journal, and is stored again later.',
  views: 'There was no room: views were given up for the journal, and made anew.'
}

const states = {
  ok: ({ step, freed }) => ['Storage works', step ? madeRoom[step] + (freed ? ` ${bytes(freed)} became free.` : '') : ''],
  rescuing: () => ['Making room…', 'What you write is stored once there is room.'],
  full: () => ['No room left', 'What is written is kept. More can be written once there is room: free disk space, or delete data of other sites.'],
  reopening: () => ['Opening the database again…', 'The browser has closed it.'],
  failed: ({ error }) => ['The database cannot be opened', `${error.code}: ${error.message}`],
  lost: ({ error: { seq, last } }) => ['Records are gone', seq === undefined ? 'The browser has deleted the journal.' : `The browser has deleted records ${number(seq + 1)} to ${number(last + 1)}.`]
}

// Whoever has deleted the journal in another tab says so too, and the page then begins anew: that goes first.
const patienceMs = 1000

export function showHealth (db, whenLost) {
  db.health.subscribe(health => {
    const [title, note] = states[health.state](health)
    const line = byId('health')
    line.dataset.state = health.state
    line.textContent = title
    byId('health-note').textContent = note
    if (health.state === 'lost') setTimeout(whenLost, patienceMs, health.error)
  })
}
