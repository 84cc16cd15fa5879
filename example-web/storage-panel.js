// What the log takes, and what the browser gives this site.

import { byId } from './element.js'
import { showSoon } from './frames.js'
import { bytes, number } from './wording.js'

// Views save their state a while after the last record.
const pauseMs = 5000

export function showStorage (db, signal) {
  const show = async () => {
    if (signal.aborted) return
    const [stats, estimate, persisted] = await Promise.all([
      db.stats(),
      navigator.storage?.estimate?.(),
      navigator.storage?.persisted?.()
    ])
    byId('storage-log').textContent = bytes(stats.bytes)
    byId('storage-log-note').textContent = `${number(stats.records)} records in ${number(stats.segments)} segments` +
      (stats.deleted ? `, ${number(stats.deleted)} deleted` : '')
    byId('storage-views').textContent = bytes(Array.from(db.views, view => view.bytes ?? 0).reduce((sum, size) => sum + size, 0))
    byId('storage-used').textContent = estimate ? bytes(estimate.usage) : '–'
    byId('storage-used-note').textContent = estimate ? `of ${bytes(estimate.quota)} this browser gives` : 'this browser does not say'
    byId('persist').hidden = persisted !== false
    byId('persisted').hidden = persisted !== true
  }
  const soon = () => showSoon(byId('storage-log'), () => show().catch(error => signal.aborted || console.error(error)))
  db.since.subscribe(soon)
  setInterval(() => document.visibilityState === 'visible' && soon(), pauseMs)
  byId('persist').addEventListener('click', async () => {
    const granted = await navigator.storage.persist()
    byId('persist-answer').textContent = granted ? '' : 'The browser has not agreed; many do once a page is installed or often used.'
    await show()
  })
}
