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

/** What a view says of its own state. A view of another's making may say nothing of it. */
export interface ViewState {
  /** Of the view: another has it built anew. */
  version: number | string | undefined
  /** How many bytes it keeps in the store; 0 before its state has been saved. */
  bytes: number | undefined
  /** Whether reads with `{ since: -1 }` are answered from an old state, because another is being built. */
  stale: boolean
}

/** Where a view stands now. */
export interface ViewStatus extends Progress, ViewState {}

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
  const measure = () => {
    const ms = Math.max(performance.now() - begun, 1)
    const eta = seq >= total ? 0 : seq > from ? ((total - seq) / (seq - from)) * ms : undefined
    return { rate: (count / ms) * 1000, eta }
  }
  let told = { rate: 0, eta: undefined as number | undefined }
  const report = (error?: Error) => {
    clearTimeout(timer)
    timer = undefined
    behind = !error && seq < total
    told = measure()
    to.set({ view, seq, total, ...told, ...(error && { error }) })
  }
  return {
    /** How it is now, if the view stands at `at`. A rate is that of the last work. */
    now: (at: number, newest: number, error: Error | undefined): Progress => ({
      view,
      seq: at,
      total: newest,
      ...(behind || timer ? measure() : told),
      ...(error && { error })
    }),
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
