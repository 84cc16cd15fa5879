// How the tabs, workers and service workers with one log in IndexedDB hear of each other's records: over a BroadcastChannel, on
// which each says how far the log goes. What is said is a hint to look; what counts is read from the database.

export interface OtherContexts {
  /** Says that the log goes up to a seq. */
  tell(seq: number): void
  /** Says that records have been deleted. */
  tellDeleted(): void
  /** Says what is still to be said, and nothing more. */
  close(): void
}

/** A message costs more than a small commit's own work, so a busy writer tells the others this often. */
const TELL_MS = 10

/**
 * Who heard of records looks again after this long without news: the writer may have been killed, or its timers slowed
 * down in the background, before it told of the ones that came within `TELL_MS`.
 */
const LOOK_AGAIN_MS = 5 * TELL_MS

/** What is told in the place of a seq when records have been deleted. */
const DELETED = -1

/** Joins those that have the log of a name open, here through `since`. `look` is called when there may be something new in the database. */
export function joinOthers(name: string, since: { readonly value?: number }, look: () => void): OtherContexts | undefined {
  if (typeof BroadcastChannel === 'undefined') return
  let channel: BroadcastChannel | undefined // none while the page is left
  let again: ReturnType<typeof setTimeout> | undefined
  const enter = () => new BroadcastChannel(`flumedb-wasm:${name}`)
  const join = () => {
    channel = enter()
    channel.onmessage = ({ data }) => {
      if (data <= since.value! && data !== DELETED) return
      look()
      clearTimeout(again)
      again = setTimeout(look, LOOK_AGAIN_MS)
    }
  }
  join()
  const leave = () => {
    channel?.close()
    channel = undefined
  }
  const post = (message: number) => {
    const through = channel ?? enter()
    through.postMessage(message)
    if (!channel) through.close()
  }

  let told = -Infinity
  let waiting: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const tellNow = () => {
    clearTimeout(timer)
    if (waiting === undefined) return
    told = performance.now()
    post(waiting)
    waiting = undefined
  }

  // A page that is left or frozen has no timers. One that is in the back/forward cache must not hear of anything: Chromium
  // would throw it out of there. But commits may end when it has been left and not been frozen yet, and are told of.
  const events = new AbortController()
  const on = (type: string, listener: (event: PageTransitionEvent) => void) =>
    globalThis.addEventListener?.(type, listener as (event: Event) => void, { signal: events.signal })
  on('pagehide', ({ persisted }) => {
    tellNow()
    if (persisted) leave()
  })
  on('pageshow', ({ persisted }) => {
    if (!persisted) return
    join()
    look()
  })
  globalThis.document?.addEventListener('freeze', tellNow, { signal: events.signal })
  globalThis.document?.addEventListener('resume', look, { signal: events.signal })

  return {
    tell(seq) {
      const wait = told + TELL_MS - performance.now()
      const first = waiting === undefined
      waiting = seq
      if (wait <= 0) tellNow()
      else if (first) timer = setTimeout(tellNow, wait)
    },
    tellDeleted: () => post(DELETED),
    close() {
      tellNow()
      clearTimeout(again)
      events.abort()
      leave()
    }
  }
}
