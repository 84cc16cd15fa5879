import { call } from './errors.js'
import { type ItemIterator, type Observable, iterate, observable, onAbort, toObserver } from './pull.js'

/**
 * A value that changes, as flumedb's obv: call it with a function to hear the value now and whenever it is set; that
 * returns the function that stops it. Listeners are called synchronously, in order of joining. What one throws is
 * reported as uncaught and does not keep the others from hearing.
 */
export interface Obv<T> extends Observable<T>, AsyncIterable<T> {
  /** `immediately: false` waits for the next change. */
  (listener: (value: T) => void, immediately?: boolean): () => void
  /** Calls back once: now if there is a value (unless `immediately` is false), else when it is set. */
  once(listener: (value: T) => void, immediately?: boolean): () => void
  /** `undefined` until first set. */
  readonly value: T | undefined
  /** Yields the newest value; those that came and went between two reads are skipped. */
  [Symbol.asyncIterator](): ItemIterator<T>
}

export interface WritableObv<T> extends Obv<T> {
  value: T | undefined
  set(value: T): this
  /** Whether anybody listens. */
  readonly observed: boolean
  /** No more values will come: iterations end and observers complete. */
  end(): void
}

/** What we need of another library's obv or obz. */
export interface ObvLike<T> {
  (listener: (value: T) => void, immediately?: boolean): unknown
  once(listener: (value: T) => void, immediately?: boolean): unknown
  value?: T | undefined
}

/** `first`, where given, is the value it starts with. */
export function createObv<T>(...first: [T?]): WritableObv<T> {
  type Listener = (value: T) => void
  let has = false
  let ended = false
  let turn = 0
  // Replaced, never changed, so that a set goes on over the listeners it began with.
  let listeners: { fn?: Listener }[] = []
  let waiting = new Set<Listener>()
  let enders = new Set<() => void>()

  const obv = ((fn: Listener, immediately = true) => {
    const entry: { fn?: Listener } = { fn }
    listeners = [...listeners, entry]
    if (has && immediately) call(fn, obv.value as T)
    return () => {
      entry.fn = undefined
      listeners = listeners.filter(e => e !== entry)
    }
  }) as WritableObv<T>

  const atEnd = (fn: () => void) => {
    if (ended) fn()
    else enders.add(fn)
    return () => void enders.delete(fn)
  }

  obv.value = undefined
  Object.defineProperty(obv, 'observed', { get: () => listeners.length + waiting.size > 0 })
  obv.set = value => {
    obv.value = value
    has = true
    const mine = ++turn
    for (const { fn } of listeners) {
      if (turn !== mine) break // set again by a listener: all have heard the newer value
      call(fn, value)
    }
    const due = waiting
    waiting = new Set()
    for (const fn of due) call(fn, obv.value as T)
    return obv
  }
  obv.end = () => {
    ended = true
    const due = enders
    enders = new Set()
    for (const fn of due) fn()
  }
  obv.once = (fn, immediately = true) => {
    if (has && immediately) {
      call(fn, obv.value as T)
      return () => {}
    }
    const home = waiting.add(fn)
    return () => void home.delete(fn)
  }
  obv.subscribe = (observer, { signal } = {}) => {
    const to = toObserver(observer)
    let closed = signal?.aborted ?? false
    const offs: (() => void)[] = []
    const unsubscribe = () => {
      closed = true
      for (const off of offs.splice(0)) off()
    }
    if (!closed)
      offs.push(
        onAbort(signal, unsubscribe),
        obv(value => closed || to.next?.(value)),
        atEnd(() => {
          unsubscribe()
          call(() => to.complete?.())
        })
      )
    return { unsubscribe }
  }
  obv[Symbol.asyncIterator] = () => {
    let offs: (() => void)[] | undefined
    let fresh = false
    let over = false
    let asked: ((end: true | null, value?: T) => void) | undefined
    const give = () => {
      const cb = asked
      if (!cb || !(fresh || over || ended)) return
      asked = undefined
      if (over || !fresh) return cb(true)
      fresh = false
      cb(null, obv.value)
    }
    const hear = () => {
      fresh = true
      give()
    }
    return iterate<T>((abort, cb) => {
      if (abort) {
        over = true
        offs?.forEach(off => off())
        give()
        return cb(abort)
      }
      asked = cb
      if (!offs) {
        offs = []
        offs.push(obv(hear), atEnd(give))
      }
      give()
    })
  }
  if (first.length) obv.set(first[0] as T)
  return observable<T>(obv) as WritableObv<T>
}
