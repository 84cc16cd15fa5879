import { FlumeError } from './errors.js'
import { type Obv } from './obv.js'

/** What the reads of a view wait for. */
export interface WaitsOn {
  /** Of the view. */
  readonly since: Obv<number>
  /** Of the log. */
  readonly newest: Obv<number>
  /** Calls back once the log has loaded, at once if it has; with the reason if it never will. */
  loaded(cb: (err: Error | null) => void): void
  /** Whether reads may be answered that ask for more than whatever there is. */
  usable(): boolean
  /** Why the view goes no further. */
  failure(): Error | undefined
}

export interface Waits {
  /**
   * Calls back once the view has applied all that is in the log now; with `after`, once it has applied that seq, and with
   * a negative one as soon as it has loaded. The function returned gives the wait up.
   */
  ready(cb: (err: Error | null) => void, after?: number | null): () => void
  /** Answers who can be answered, after something has changed that is not `since`. */
  settle(): void
}

const nothingToGiveUp = () => {}

/** Lets reads of a view wait. Each waits for a seq of its own, and none is ever forgotten. */
export function createWaits(on: WaitsOn): Waits {
  type Wait = { target: number; free?: boolean; cb: (err: Error | null) => void }
  const waiting = new Set<Wait>()
  let lowest = Infinity // the least target that is waited for

  /** Answers a wait that has an answer; else minds its target. */
  const check = (wait: Wait) => {
    const { target, free, cb } = wait
    const at = on.since.value
    const reached = at != null && at >= target && (free || on.usable())
    const failure = reached ? null : on.failure()
    if (reached || failure) {
      waiting.delete(wait)
      cb(failure ?? null)
    } else if (target < lowest) lowest = target
  }
  const settle = () => {
    lowest = Infinity
    waiting.forEach(check)
  }
  on.since(at => at != null && at >= lowest && settle())

  return {
    settle,
    ready(cb, after) {
      // Most reads find what they wait for, and leave nothing behind.
      const enough = after ?? on.newest.value
      if (typeof enough === 'number' && on.since.value! >= enough && (enough < 0 || on.usable())) {
        cb(null)
        return nothingToGiveUp
      }
      if (after != null && (typeof after !== 'number' || after !== after)) {
        cb(new FlumeError('INVALID_OPTION', `option "since" must be a number, not ${String(after)}`))
        return nothingToGiveUp
      }
      const wait: Wait = { target: after ?? Infinity, cb }
      if (after! < 0) Object.assign(wait, { target: -1, free: true })
      waiting.add(wait)
      if (after != null) check(wait)
      else
        on.loaded(err => {
          if (!waiting.delete(wait)) return
          if (err) return cb(err)
          wait.target = on.newest.value!
          waiting.add(wait)
          check(wait)
        })
      return () => void waiting.delete(wait)
    }
  }
}
