// Builds all views anew; the panel of the views shows how far each is.

import { byId } from './element.js'
import { say } from './announcer.js'
import { milliseconds, number } from './wording.js'

export function onRebuild (db) {
  const button = byId('rebuild')
  button.addEventListener('click', async () => {
    button.disabled = true
    const start = performance.now()
    try {
      await db.rebuild()
      say(`All views built anew from ${number(db.since.value + 1)} records in ${milliseconds(performance.now() - start)}`)
    } finally {
      button.disabled = false
      button.focus()
    }
  })
}
