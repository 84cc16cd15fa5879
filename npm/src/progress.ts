import { type WritableObv } from './obv.js'

/** How far a view is. It has caught up when `seq` equals `total`. */
export interface Progress {
  view: string
  /** The last record it has applied; -1 before the first. */
  seq: number
  /** The newest record in the log. */
  total: number
  /** Records per second since it began to catch up. */
  rate: number
  /** Milliseconds until it has caught up, at that rate; undefined while there is no rate. */
  eta: number | undefined
  /** Why it has stopped, if it has; `rebuild()` starts it again. */
  error?: Error
}

const INTERVAL_MS = 100

/** Reports one view's progress: seldom enough to cost nothing, and never without the last state. */
export function reporter(view: string, to: WritableObv<Progress>) {
  let begun = 0
  let from = -1
  let count = 0
  let seq = -1
  let total = -1
  let behind = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const begin = () => {
    begun = performance.now()
    from = seq
    count = 0
  }
  const report = (error?: Error) => {
    clearTimeout(timer)
    timer = undefined
    const ms = Math.max(performance.now() - begun, 1)
    behind = seq < total
    const eta = !behind ? 0 : seq > from ? ((total - seq) / (seq - from)) * ms : undefined
    to.set({ view, seq, total, rate: (count / ms) * 1000, eta, ...(error && { error }) })
  }
  return {
    /** A build starts from `at`. */
    start(at: number, newest: number) {
      seq = at
      total = newest
      begin()
      report()
    },
    /** So many records go to the view. */
    read(records = 1) {
      // After a rest the clock starts anew, so that the rest does not count as slowness.
      if (!behind && !timer) begin()
      count += records
    },
    /** The view has come to `at`. */
    at(at: number, newest: number) {
      seq = at
      total = newest
      if (behind && seq >= total) return report()
      if (timer) return
      timer = setTimeout(report, INTERVAL_MS)
      ;(timer as { unref?(): void }).unref?.()
    },
    /** The view has stopped; with why, unless it was closed. */
    stop(error?: Error) {
      if (error) report(error)
      clearTimeout(timer)
      timer = undefined
    }
  }
}
