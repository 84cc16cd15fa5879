// A pull function is pull-stream's source protocol: asked once at a time, it answers with an item or with the end.
// Everything that reads, reads through one.

import { call, rethrowLater } from './errors.js'

/** How a stream ended: `true` is a clean end. */
export type End = true | Error

/** pull-stream's source: `abort` asks it to release what it holds, `null` asks for the next item. */
export type PullSource<T> = (abort: End | null, cb: (end: End | null, item?: T) => void) => void

export interface Observer<T> {
  next?(value: T): void
  error?(err: unknown): void
  complete?(): void
}

export interface Subscription {
  /** Ends the subscription and releases what it holds. Neither `complete` nor `error` is called. */
  unsubscribe(): void
}

export interface Subscribable<T> {
  /** `options.signal` unsubscribes when it fires. */
  subscribe(observer: Observer<T> | ((value: T) => void), options?: { signal?: AbortSignal }): Subscription
}

/** What RxJS's `from()` and others of its kind look for. */
export interface Observable<T> extends Subscribable<T> {
  ['@@observable'](): Subscribable<T>
}

export function toObserver<T>(observer: Observer<T> | ((value: T) => void)): Observer<T> {
  return typeof observer === 'function' ? { next: observer } : observer
}

/** `target` with the members that make it an Observable: under the symbol where the page has one, and under the string always. */
export function observable<T>(target: Subscribable<T>): Observable<T> {
  const known = (Symbol as { observable?: symbol }).observable
  const made = target as any
  made['@@observable'] = self
  if (known) made[known] = self
  return made
}

function self<T>(this: Subscribable<T>): Subscribable<T> {
  return this
}

/** Calls `abort` when the signal fires, at once if it has. Returns the function that stops listening. */
export function onAbort(signal: AbortSignal | undefined, abort: () => void): () => void {
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  return () => signal?.removeEventListener('abort', abort)
}

/** An async iterator that is disposable where the host knows `Symbol.asyncDispose`. */
export type ItemIterator<T> = AsyncIterableIterator<T>

/** `return` and `throw` release at once, and end a `next` that is still waiting. */
export function iterate<T>(read: PullSource<T>): ItemIterator<T> {
  type Waiting = [(result: IteratorResult<T>) => void, (err: unknown) => void]
  const waiting: Waiting[] = []
  const done = (value?: unknown) => ({ done: true, value }) as IteratorResult<T>
  const step = () =>
    read(null, (end, value) => {
      const [resolve, reject] = waiting.shift()!
      if (!end) resolve({ done: false, value: value as T })
      else if (end === true) resolve(done())
      else reject(end)
      if (waiting.length) step()
    })
  const release = (value?: unknown) =>
    new Promise<IteratorResult<T>>(resolve => read(true, () => resolve(done(value))))
  const it = {
    next: () =>
      new Promise<IteratorResult<T>>((...w) => {
        if (waiting.push(w) === 1) step()
      }),
    return: release,
    throw: (err: unknown) => release().then(() => Promise.reject(err)),
    [Symbol.asyncIterator]: () => it
  } as ItemIterator<T>
  // Not in the type: it would ask every user's project for a library of types that few have.
  if (Symbol.asyncDispose) (it as Partial<AsyncDisposable>)[Symbol.asyncDispose] = async () => void (await release())
  return it
}

/** Reads to the end, pushing. Starts after it has returned, so that the caller holds the subscription first. */
export function subscribe<T>(
  read: PullSource<T>,
  observer: Observer<T> | ((value: T) => void),
  { signal }: { signal?: AbortSignal } = {}
): Subscription {
  const to = toObserver(observer)
  const next = (value: T) => to.next?.(value)
  let closed = false
  const unsubscribe = () => {
    if (closed) return
    closed = true
    off()
    read(true, () => {})
  }
  const step = () =>
    read(null, (end, value) => {
      if (closed) return
      if (!end) {
        call(next, value as T)
        if (!closed) step()
        return
      }
      closed = true
      off()
      if (end === true) call(() => to.complete?.())
      else if (to.error) call(() => to.error!(end))
      else rethrowLater(end)
    })
  let off = () => {}
  off = onAbort(signal, unsubscribe)
  queueMicrotask(() => closed || step())
  return { unsubscribe }
}
