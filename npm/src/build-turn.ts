// Of the tabs and workers that have a view in JavaScript which has far to go, one builds it, and the others take its checkpoint.
// Those in the module do the same by themselves: core/view/claim.go.

/** So many records take longer than asking the others does. */
const FAR = 5000
/** Who has the turn may be frozen, or have no room to store what it comes to. */
const PATIENCE_MS = 16_000

/** Whether a view with so many records to see is to wait for its turn. */
export const takesTurns = (shared: string | undefined, behind: number) =>
  shared !== undefined && behind >= FAR && !!globalThis.navigator?.locks

/**
 * Calls back when it is our turn to build what `name` stands for, or who has it has been waited for long enough; never at once.
 * The function returned ends the turn, or the wait; so does the end of the page or worker.
 */
export function takeTurn(name: string, go: () => void): () => void {
  const stop = new AbortController()
  let end!: () => void
  const ended = new Promise<void>(resolve => (end = resolve))
  const once = () => {
    clearTimeout(timer)
    if (!stop.signal.aborted) go()
    go = () => {}
  }
  const timer = setTimeout(once, PATIENCE_MS)
  navigator.locks
    .request(name, { signal: stop.signal }, () => {
      once()
      return ended
    })
    .catch(once)
  return () => {
    stop.abort()
    clearTimeout(timer)
    end()
  }
}
