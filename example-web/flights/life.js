// One life of the logs in this tab: they are opened, shown, brought up to date, and closed when end() is called, which a
// reset does, here or in another tab, and "Try again".

import { flights } from './datasets.js'
import { byId } from '../element.js'
import { showFlights } from './flight-panels.js'
import { setImportState, showImportOf } from './import-panel.js'
import { importRecords, isComplete } from './import-records.js'
import { showLatestFlights } from './latest-flights.js'
import { closeLogs, opened, openLogs } from './logs.js'
import { showOpeningTime } from './opening-time.js'
import { showProblem } from '../problem.js'
import { becomeImporter, holdOpen, tryToBecomeImporter } from './tabs.js'
import { showViews } from '../views-panel.js'

export class Life {
  #restart
  #importer        // gives the role of the importer back, if this tab has it
  #over = new AbortController()
  #ended

  // importer is the role as the life before left it, if it did
  constructor (restart, importer) {
    this.#restart = restart
    this.#importer = importer
    this.#ended = this.#live()
  }

  async end () {
    this.#over.abort()
    await this.#ended
    this.#importer?.()
  }

  async #live () {
    const { signal } = this.#over
    try {
      setImportState('opening')
      const release = await holdOpen(signal)
      try {
        await this.#withLogs(signal)
      } finally {
        release()
      }
    } catch (error) {
      if (!signal.aborted) setImportState('closed')
      this.#fail(error)
    }
  }

  async #withLogs (signal) {
    // Before the logs are opened, so that what they then say is newest cannot be older than the last append of the
    // tab that imported before.
    this.#importer ??= await tryToBecomeImporter()

    const start = performance.now()
    const logs = openLogs()
    try {
      showViews(logs.flights, signal)
      await opened(logs.flights)
      if (signal.aborted) return
      showOpeningTime(performance.now() - start, logs.flights.since.value + 1)
      showImportOf(logs.flights, signal)
      showFlights(logs.flights, signal)
      this.#offerRebuild(logs, signal)

      const tasks = [
        showLatestFlights(logs.flights, signal),
        this.#importer ? this.#import(logs, signal) : this.#watch(logs, signal)
      ]
      await Promise.all(tasks.map(task => task.catch(error => this.#fail(error))))
      await aborted(signal)
    } finally {
      await closeLogs(logs)
    }
  }

  async #import (logs, signal) {
    const from = logs.flights.since.value + 1
    if (!isComplete(logs.flights, flights)) setImportState(from > 0 ? 'resuming' : 'appending', { resumedAt: from })
    try {
      await importRecords(logs.flights, flights, signal)
    } catch (error) {
      if (!signal.aborted) setImportState('failed')
      throw error
    }
    if (!signal.aborted) setImportState('complete')
    this.#importer()
    this.#importer = undefined
  }

  async #watch (logs, signal) {
    signal.addEventListener('abort', logs.flights.since.subscribe(() => {
      setImportState(isComplete(logs.flights, flights) ? 'complete' : 'watching')
    }).unsubscribe, { once: true })

    const importer = await becomeImporter(signal)
    if (isComplete(logs.flights, flights)) return importer()
    // That tab is gone in the middle of it. Where the log ends now, only opening it anew says for certain: the news of
    // that tab's last append may never have come here, and to append it again is what must not happen.
    this.#importer = undefined
    this.#restart(importer)
  }

  #offerRebuild (logs, signal) {
    const button = byId('rebuild')
    button.disabled = false
    button.addEventListener('click', async () => {
      button.disabled = true
      try {
        await Promise.all(Object.values(logs).map(db => db.rebuild()))
      } catch (error) {
        this.#fail(error)
      } finally {
        button.disabled = false
      }
    }, { signal })
    signal.addEventListener('abort', () => { button.disabled = true }, { once: true })
  }

  // What an ending life leaves behind fails as well, as it should: nobody needs to hear of that.
  #fail (error) {
    if (this.#over.signal.aborted) return
    showProblem(error, () => this.#restart())
  }
}

function aborted (signal) {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', resolve, { once: true })
  })
}
