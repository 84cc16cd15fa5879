const FIRST_MS = 500
const LONGEST_MS = 60_000

/** How long to wait before the n-th try again, from 0 on: longer and longer, and never in step with others. */
export const backoff = (n: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** n) * (0.5 + Math.random() / 2)

/** Waits, at most until the signal, or until the browser finds a connection. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      globalThis.removeEventListener?.('online', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    globalThis.addEventListener?.('online', done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
