// The import of the flights: bar, count, rate and time left. All numbers come from the log itself, so that a tab which
// only watches shows the same as the one that appends.

import { byId } from '../element.js'
import { flights } from './datasets.js'
import { RateMeter } from './rate-meter.js'
import { showNewest } from './show-newest.js'
import { duration, number, rate } from '../wording.js'

const titles = {
  opening: 'Opening the logs…',
  appending: 'Appending flights',
  resuming: 'Going on with the import',
  watching: 'Another tab is appending flights',
  complete: 'All flights are in the log',
  resetting: 'Deleting the logs…',
  failed: 'The import stopped',
  closed: 'The logs are not open'
}

let state
let count = 0
let meter = new RateMeter()
let resumedAt = 0

byId('import-total').textContent = number(flights.records)
byId('import-bar').max = flights.records

export function showImportOf (db, signal) {
  meter = new RateMeter()
  signal.addEventListener('abort', db.since.subscribe(seq => {
    if (seq !== undefined) meter.add(seq + 1)
  }).unsubscribe, { once: true })
  showNewest(db.since, signal, seq => {
    count = (seq ?? -1) + 1
    show()
  })
}

export function setImportState (next, options = {}) {
  if (next === state) return
  state = next
  resumedAt = options.resumedAt ?? resumedAt
  if (state === 'resetting') count = 0
  byId('import-title').textContent = titles[state]
  byId('import-title').closest('section').dataset.state = state
  show()
  // For screen readers: what happens, once per change, without the running numbers.
  byId('import-status').textContent = `${titles[state]}. ${byId('import-note').textContent}`
}

function show () {
  const isMoving = state === 'appending' || state === 'resuming' || state === 'watching'
  byId('import-count').textContent = state === 'opening' ? '–' : number(count)
  const bar = byId('import-bar')
  if (state === 'opening') bar.removeAttribute('value')
  else bar.value = count

  const speed = isMoving ? meter.current : meter.overall
  byId('import-eta').textContent = isMoving && speed ? `${duration((flights.records - count) / speed)} left` : ''
  byId('import-note').textContent = note(speed)
  byId('tile-length').textContent = state === 'opening' ? '–' : number(count)
  byId('tile-rate').textContent = speed === undefined ? '–' : rate(speed)
  byId('tile-rate-note').textContent = speed === undefined ? 'nothing appended yet' : isMoving ? 'records/s now' : 'records/s on average'
}

function note (speed) {
  switch (state) {
    case 'appending': return speed ? `${rate(speed)} records/s` : 'Waiting for the first records…'
    case 'resuming': return `From record ${number(resumedAt)} on, where it was cut short${speed ? ` · ${rate(speed)} records/s` : ''}`
    case 'watching': return speed ? `This tab watches · ${rate(speed)} records/s` : 'This tab watches, and takes over should the other close.'
    case 'complete': return meter.grown > 0
      ? `${number(meter.grown)} records appended in ${duration(meter.seconds)}. Reload this page: none will be appended again.`
      : 'All of them were there already: nothing was appended.'
    case 'failed': return 'What was appended is kept.'
    default: return '\u00a0'
  }
}
