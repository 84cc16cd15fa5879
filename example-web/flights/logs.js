// The log with its views.

import Flume, { Log } from 'flumedb-wasm'
import * as flightViews from './flight-views.js'

export function openLogs () {
  return {
    flights: Flume(Log('flights'))
      .use('totals', flightViews.totals)
      .use('delays', flightViews.delays)
      .use('hours', flightViews.hours)
  }
}

// Waits for all of them. What one cannot save any more, a view's state for instance, it derives anew when next opened.
export async function closeLogs (logs) {
  await Promise.allSettled(Object.values(logs).map(db => db.close()))
}

// Nobody may have them open: see tabs.js.
export async function deleteLogs () {
  await Log.delete('flights')
}

// Resolves once the log and its views are there to be read; it rejects if they cannot be opened.
export async function opened (db) {
  await db.stream({ reverse: true, limit: 1 }).collect()
  await Promise.all(Object.keys(db.views).map(name => db[name].get({ since: -1 })))
}
