// What the log takes, and what the browser gives this site.

import { byId } from './element.js'
import { showSoon } from './frames.js'
import { bytes, number } from './wording.js'

// Views save their state a while after the last record.
const pauseMs = 5000

export function showStorage (db, signal) {
  const show = async () => {
    if (signal.aborted) return
    const [stats, { usage, quota, persisted }] = await Promise.all([db.stats(), db.storage()])
    byId('storage-log').textContent = bytes(stats.bytes)
    byId('storage-log-note').textContent = `${number(stats.records)} records in ${number(stats.segments)} segments` +
      (stats.deleted ? `, ${number(stats.deleted)} deleted` : '')
    byId('storage-views').textContent = bytes(stats.viewBytes)
    byId('storage-used').textContent = usage === undefined ? '–' : bytes(usage)
    byId('storage-used-note').textContent = usage === undefined ? 'this browser does not say' : `of ${bytes(quota)} this browser gives`
    byId('persist').hidden = persisted !== false
    byId('persisted').hidden = persisted !== true
  }
  const soon = () => showSoon(byId('storage-log'), () => show().catch(error => signal.aborted || console.error(error)))
  db.since.subscribe(soon)
  setInterval(() => document.visibilityState === 'visible' && soon(), pauseMs)
  byId('persist').addEventListener('click', async () => {
    const { persisted } = await db.storage({ persist: true })
    byId('persist-answer').textContent = persisted ? '' : 'The browser has not agreed; many do once a page is installed or often used.'
    await show()
  })
}
