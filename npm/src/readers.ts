// Readers made from other readers and from pull-stream sources.

import { type End, type PullSource } from './pull.js'
import { type BatchReader } from './source.js'

/** The most items one batch gathers from a source that answers at once. */
const BATCH = 256

/**
 * A pull-stream source as a reader: what it answers at once is gathered into a batch. When it starts to wait, the batch
 * goes out, so one item may be asked for ahead of need.
 */
export function pullReader<T>(read: PullSource<T>): BatchReader<T> {
  let items: T[] = []
  let ended: End | null = null
  let reading = false
  let looping = false
  let asked: ((end: End | null, items?: T[]) => void) | undefined

  const take = (end: End | null, item?: T) => {
    reading = false
    if (end) ended = end
    else items.push(item as T)
    gather()
  }
  const gather = () => {
    if (looping) return
    looping = true
    while (asked && !reading && !ended && items.length < BATCH) {
      reading = true
      try {
        read(null, take)
      } catch (err) {
        take(err as Error)
      }
    }
    looping = false
    const cb = asked
    if (!cb || !(ended || items.length)) return
    asked = undefined
    const batch = items
    items = []
    if (batch.length) cb(null, batch)
    else cb(ended)
  }
  return {
    next(cb) {
      asked = cb
      gather()
    },
    close(end, cb) {
      asked = undefined
      items = []
      if (ended) return cb?.()
      ended = end
      read(end, () => cb?.())
    }
  }
}

/** Opens a reader once `wait` has called back; or ends as that says. */
export function deferReader<T>(
  wait: (cb: (end: End | null) => void) => void,
  open: () => BatchReader<T>
): BatchReader<T> {
  let reader: BatchReader<T> | undefined
  let closed = false
  return {
    next(cb) {
      if (reader) return reader.next(cb)
      wait(end => {
        if (closed) return
        if (end) return cb(end)
        try {
          reader = open()
        } catch (thrown) {
          return cb(thrown as Error)
        }
        reader.next(cb)
      })
    },
    close(end, cb) {
      closed = true
      if (reader) reader.close(end, cb)
      else cb?.()
    }
  }
}

/** Calls `seen` with the length of each batch. */
export function countReader<T>(reader: BatchReader<T>, seen: (items: number) => void): BatchReader<T> {
  return {
    next: cb =>
      reader.next((end, items, last) => {
        if (items) seen(items.length)
        cb(end, items, last)
      }),
    close: (end, cb) => reader.close(end, cb)
  }
}

/** Each item through an asynchronous function, one at a time, in order. A failure ends the source with it. */
export function mapPull<A, B>(read: PullSource<A>, fn: (item: A, cb: (err: unknown, item?: B) => void) => void): PullSource<B> {
  return (abort, cb) =>
    read(abort, (end, item) => {
      if (end) return cb(end)
      const fail = (err: unknown) => read(err as Error, () => cb(err as Error))
      try {
        fn(item as A, (err, mapped) => (err ? fail(err) : cb(null, mapped)))
      } catch (err) {
        fail(err)
      }
    })
}
