import { type Obv, createObv } from '../obv.js'
import { type ItemIterator, onAbort, toObserver } from '../pull.js'
import { type Requests, lines, sleep } from './requests.js'

export interface Since {
  /** The newest seq that has been heard of. */
  known: Obv<number>
  /** The same; while somebody listens, it is told of what others append. */
  obv: Obv<number>
  moved(seq: number): void
  /** Asks for the newest seq. */
  ask(signal?: AbortSignal): Promise<number>
  /** Hears of what others append until the function returned is called. */
  follow(): () => void
  end(): void
}

export function createSince({ ask, pause }: Requests): Since {
  const known = createObv<number>()
  let followers = 0
  let leaving = new AbortController()

  const moved = (seq: number) => {
    if (seq > (known.value ?? -2)) known.set(seq)
  }
  const listen = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      try {
        const body = await ask('since', { init: { headers: { Accept: 'text/event-stream' } }, signal, read: response => response.body! })
        for await (const told of lines(body)) for (const line of told) if (line.startsWith('data: ')) moved(Number(line.slice(6)))
        pause()
      } catch {
        if (!signal.aborted) await sleep(500, signal).catch(() => {})
      }
    }
  }
  const follow = () => {
    if (!followers++) void listen((leaving = new AbortController()).signal)
    let following = true
    return () => {
      if (following && !--followers) leaving.abort()
      following = false
    }
  }
  return {
    known,
    obv: followed(known, follow),
    moved,
    follow,
    async ask(signal) {
      const { since } = await ask('since', { signal, read: response => response.json() as Promise<{ since: number }> })
      moved(since)
      return since
    },
    end() {
      leaving.abort()
      known.end()
    }
  }
}

/** The same observable, for which something has to be done while somebody listens. */
export function followed<T>(obv: Obv<T>, follow: () => () => void): Obv<T> {
  const self = ((listener, immediately) => {
    const offs = [follow(), obv(listener, immediately)]
    return () => offs.forEach(off => off())
  }) as Obv<T>
  self.once = (listener, immediately) => {
    const leave = follow()
    const off = obv.once(value => {
      leave()
      listener(value)
    }, immediately)
    return () => {
      leave()
      off()
    }
  }
  self.subscribe = (observer, options) => {
    const leave = follow()
    const off = onAbort(options?.signal, leave)
    const to = toObserver(observer)
    const complete = () => {
      leave()
      to.complete?.()
    }
    const subscription = obv.subscribe({ next: value => to.next?.(value), complete }, options)
    return {
      unsubscribe() {
        off()
        leave()
        subscription.unsubscribe()
      }
    }
  }
  self[Symbol.asyncIterator] = () => {
    const leave = follow()
    const values = obv[Symbol.asyncIterator]()
    const over = values.return!
    values.return = value => {
      leave()
      return over(value)
    }
    return values as ItemIterator<T>
  }
  const observable = () => self
  const known = (Symbol as { observable?: symbol }).observable
  Object.assign(self, { '@@observable': observable }, known && { [known]: observable })
  Object.defineProperty(self, 'value', { get: () => obv.value })
  return self
}
