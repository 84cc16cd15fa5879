import { type Obv } from '../obv.js'
import { type ItemIterator, onAbort, toObserver } from '../pull.js'
import { type Requests, lines, sleep } from './requests.js'

export interface Events {
  /** Hears of what happens until the function returned is called. */
  follow(): () => void
  end(): void
}

/**
 * What is told of under a path as server-sent events, for as long as somebody follows. `failed` hears of what it was answered
 * instead; it is asked again.
 */
export function createEvents({ ask, pause }: Requests, path: string, hear: (data: string) => void, failed?: (err: unknown) => void): Events {
  let followers = 0
  let leaving = new AbortController()

  const listen = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      let answered = false
      try {
        const body = await ask(path, { init: { headers: { Accept: 'text/event-stream' } }, signal, read: response => response.body! })
        answered = true
        for await (const told of lines(body)) for (const line of told) if (line.startsWith('data: ')) hear(line.slice(6))
        pause()
      } catch (err) {
        if (signal.aborted) return
        if (!answered) failed?.(err)
        await sleep(500, signal).catch(() => {})
      }
    }
  }
  return {
    follow() {
      if (!followers++) void listen((leaving = new AbortController()).signal)
      let following = true
      return () => {
        if (following && !--followers) leaving.abort()
        following = false
      }
    },
    end: () => leaving.abort()
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
