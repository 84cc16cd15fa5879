// Brings a log to the end of its data set, from wherever it stands: an empty log, one whose import was cut short, or a
// complete one, for which nothing is even fetched.

import { yieldToPage } from './yield-to-page.js'

export async function importRecords (db, dataset, signal) {
  const skip = db.since.value + 1
  if (skip >= dataset.records) return
  for await (const batch of dataset.batches(skip, signal)) {
    // Once this resolves the whole batch is in the log; should the page be gone before, all of it is or nothing.
    await db.append(batch)
    await yieldToPage()
    if (signal.aborted) return
  }
}

export function isComplete (db, dataset) {
  return db.since.value + 1 >= dataset.records
}
