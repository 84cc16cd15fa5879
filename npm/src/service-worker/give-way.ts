/** In milliseconds. */
const PAUSE = 250
const AGAIN = 5000

interface Registration extends EventTarget {
  readonly installing: (EventTarget & { readonly state: string }) | null
  readonly waiting: unknown
}

/**
 * Gives way to a newer worker that waits. A browser lets that take over, though it has called `skipWaiting`, only once this one
 * has nothing to do; Chromium looks for a moment without a request or an open stream for up to five minutes. So the live streams
 * are ended, and who asks meanwhile is told in the answer to make a pause. Nobody says whether the newer one wants to
 * take over now or later, so this is done again from time to time as long as it waits.
 *
 * Answers what marks an answer with how long to pause.
 */
export function giveWay(endStreams: () => void): (response: Response) => Response {
  const { registration } = self as unknown as { registration: Registration }
  let until = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const round = () => {
    clearTimeout(timer)
    if (!registration.waiting) return
    until = performance.now() + PAUSE
    endStreams()
    timer = setTimeout(round, AGAIN)
  }
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', round)
    round() // it may be installed by now
  })
  round()
  return response => {
    if (performance.now() < until) response.headers.set('Flumedb-Pause', String(PAUSE))
    return response
  }
}
