// How a worker makes way for a newer one.
//
// A browser lets a newer worker that has called `skipWaiting` take over once the one before has nothing to do. Chromium tells
// that one to stop at the first moment at which it has no request and no open stream. If a request comes at just that moment, or
// if there is no such moment, it lets up to five minutes go by. So before it has been installed, the newer worker
// asks for a pause: the older one ends its live streams, and tells in its answers for how long to ask nothing.

/** For how many milliseconds who has been answered is to ask nothing. */
const PAUSE = 400

/** How long it takes until all have been answered once. */
const HEARD = 100

/** After how long it is done again while a newer worker waits: nobody says whether, and when, it wants to take over. */
const AGAIN = 5000

interface Registration extends EventTarget {
  readonly scope: string
  readonly active: unknown
  readonly installing: EventTarget | null
  readonly waiting: unknown
}

const registration = () => (self as unknown as { registration: Registration }).registration

const channel = () => new BroadcastChannel(`flumedb-wasm:give-way:${registration().scope}`)

/** Asks an older worker to give way, and answers when it has done so. */
export async function askForWay(): Promise<void> {
  if (!registration().active) return
  const asking = channel()
  asking.postMessage(null)
  asking.close()
  await new Promise(resolve => setTimeout(resolve, HEARD))
}

/** Gives way to newer workers. Answers what marks an answer with the pause to be made, if there is one. */
export function giveWay(endStreams: () => void): (response: Response) => Response {
  let until = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const pause = () => {
    until = performance.now() + PAUSE
    endStreams()
  }
  const pauseWhileOneWaits = () => {
    clearTimeout(timer)
    if (!registration().waiting) return
    pause()
    timer = setTimeout(pauseWhileOneWaits, AGAIN)
  }
  channel().onmessage = pause
  registration().addEventListener('updatefound', () => {
    registration().installing?.addEventListener('statechange', pauseWhileOneWaits)
    pauseWhileOneWaits() // it may have been installed by now
  })
  pauseWhileOneWaits()
  return response => {
    if (performance.now() < until) response.headers.set('Flumedb-Pause', String(PAUSE))
    return response
  }
}
