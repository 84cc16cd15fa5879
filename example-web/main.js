// Opens the journal, and shows it: as of now and again with each record that comes, or as of the time the slider is at.

import 'flumedb-wasm/import'
import { onConfirmed } from './confirm-dialog.js'
import { showConnection } from './connection.js'
import { DaysChart } from './days-chart.js'
import { importEarthquakes } from './earthquakes.js'
import { byId } from './element.js'
import { onExport } from './export-button.js'
import { FeedPanel } from './feed-panel.js'
import { FilterForm } from './filter-form.js'
import { showHealth } from './health-line.js'
import { importFile, showImport } from './import-panel.js'
import { onDroppedFile } from './file-drop.js'
import { deleteJournal, onDeletedElsewhere, openJournal } from './journal.js'
import { latestOnly } from './latest-only.js'
import { MagnitudesChart } from './magnitudes-chart.js'
import { MapPanel } from './map-panel.js'
import { NoteForm } from './note-form.js'
import { showProblem } from './problem.js'
import { onRebuild } from './rebuild-button.js'
import { readSnapshot } from './snapshot.js'
import { showStorage } from './storage-panel.js'
import { TimeSlider } from './time-slider.js'
import { showTotals } from './totals.js'
import { offerUpdates } from './updates.js'
import { showViews } from './views-panel.js'

const failed = error => showProblem(error, () => location.reload())
const until = new AbortController()
const { signal } = until

const db = openJournal()
addEventListener('unhandledrejection', event => failed(event.reason))

const refresh = latestOnly(async () => {
  try {
    show(await readSnapshot(db, filter.value, slider.asOf))
  } catch (error) {
    // Built anew on the way: db.progress says when it has caught up.
    if (error.code === 'VIEW' && !Array.from(db.views).some(view => view.error)) return
    if (!signal.aborted) failed(error)
  }
})

const filter = new FilterForm(refresh)
const slider = new TimeSlider(db, refresh)
const note = new NoteForm(async record => {
  await db.append(record)
  slider.toNow()
})
const feed = new FeedPanel({
  noteOn: record => note.about(record),
  remove: seq => db.del(seq).then(refresh)
})
const days = new DaysChart(day => filter.setDay(day))
const magnitudes = new MagnitudesChart()
const map = new MapPanel()

function show (snapshot) {
  feed.show(snapshot.feed, filter.value)
  days.show(snapshot.days, filter.value.day)
  magnitudes.show(snapshot.magnitudes)
  map.show(snapshot.feed.items)
  showTotals(snapshot)
}

showConnection()
offerUpdates().catch(error => console.warn('The page will not load offline:', error))
showViews(db, signal)
showStorage(db, signal)
showHealth(db, failed)
onDroppedFile(file => importFile(db, file))
onExport(db)
onRebuild(db)
onConfirmed('delete', 'delete-dialog', async () => {
  until.abort()
  await db.close()
  await deleteJournal()
  location.reload()
})
onDeletedElsewhere(() => location.reload())

try {
  await db.totals.get()
  db.since.subscribe(seq => {
    slider.grow(seq)
    refresh()
  })
  // The views are built anew where another tab has deleted records.
  db.progress.subscribe(progress => {
    if (progress?.seq === progress?.total) refresh()
  })
  await showImport('The week’s earthquakes', options => importEarthquakes(db, { ...options, signal }))
  byId('journal').setAttribute('aria-busy', 'false')
} catch (error) {
  if (!signal.aborted) failed(error)
}
