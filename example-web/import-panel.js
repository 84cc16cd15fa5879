// Imports, and how far they are.

import { byId } from './element.js'
import { showSoon } from './frames.js'
import { say } from './announcer.js'
import { duration, number, rate } from './wording.js'

// What a file holds is found out: NDJSON, a JSON array, a log of flumelog-offset and the like.
export async function importFile (db, file) {
  try {
    const result = await showImport(file.name, options => db.import(file, options))
    say(`${file.name}: ${words(result)}`)
  } catch (error) {
    say(error.code === 'LOCKED'
      ? `${file.name}: another import is under way`
      : `${file.name}: ${error.message}`)
  }
}

// run is given { onProgress }.
export async function showImport (name, run) {
  const panel = byId('import-panel')
  const bar = byId('import-bar')
  byId('import-title').textContent = name
  byId('import-state').textContent = 'starting'
  bar.removeAttribute('value')
  panel.hidden = false
  try {
    return await run({
      onProgress: progress => showSoon(panel, () => {
        const { bytes, totalBytes, records, rate: perSecond, eta } = progress
        if (totalBytes) bar.value = bytes / totalBytes
        byId('import-state').textContent = [
          `${number(records)} records`,
          `${rate(perSecond)} records/s`,
          eta === undefined ? '' : `${duration(eta / 1000)} left`
        ].filter(Boolean).join(' · ')
      })
    })
  } finally {
    panel.hidden = true
  }
}

function words ({ format, records, skipped, torn }) {
  const parts = [`${number(records)} records imported as ${format ?? 'an empty file'}`]
  if (skipped) parts.push(`${number(skipped)} were there already`)
  if (torn) parts.push(`its last ${number(torn.bytes)} bytes are no whole record`)
  return parts.join('; ')
}
