import { FlumeError, call } from './errors.js'
import { type End, type ItemIterator, type Observable, type PullSource, iterate, observable, onAbort, subscribe } from './pull.js'
import { pullReader } from './readers.js'
import { later, spent } from './slice.js'

/**
 * What a log hands out: records by the batch.
 *
 * `next` is called again only after it has answered, and may answer at once or later. A batch is never empty; `last` with it
 * says that the end is all that would follow. After that, or after an end, the reader holds nothing more and need not be called
 * again. `close` may come while `next` has yet to answer; that answer is then ignored. `close` calls back once all is released.
 */
export interface BatchReader<T> {
  next(cb: (end: End | null, items?: T[], last?: boolean) => void): void
  close(end: End, cb?: (err?: unknown) => void): void
}

/**
 * Told of each reader before it opens: `abort` ends it, now or later, and the function returned is called when it is over,
 * however it ended.
 */
export type Enlist = (abort: (how: End) => void) => () => void

/**
 * A stream of records. It is a pull-stream source and can be piped into any pull-stream sink, once. It is also an async
 * iterable, an observable and the start of a ReadableStream; each of those opens its own reader, and none before it is
 * asked for its first item. All read on only as fast as they are asked to, end with an error of code `ABORTED` when the
 * stream's `signal` fires, and release what they hold when they end or are left early.
 */
export interface Source<T> extends PullSource<T>, AsyncIterable<T>, Observable<T> {
  [Symbol.asyncIterator](): ItemIterator<T>
  /** Arrays of items as they were read, never empty: the fastest way through a log. */
  batches(): ItemIterator<T[]>
  /** All items, in memory. */
  collect(): Promise<T[]>
  /** `highWaterMark` is how many items are read before they are asked for; by default none. */
  toReadableStream(options?: { highWaterMark?: number }): ReadableStream<T>
}

export function createSource<T>(open: () => BatchReader<T>, enlist?: Enlist): Source<T> {
  // Most sources are read in one way only, and many are never read as a pull-stream.
  let read: PullSource<T> | undefined
  const source = ((abort, cb) => (read ??= pullItems(open, enlist))(abort, cb)) as Opened<T>
  source[OPEN] = open
  source[ENLIST] = enlist
  // One by one: engines take many times as long for Object.assign, or for another prototype.
  source[Symbol.asyncIterator] = methods[Symbol.asyncIterator]
  source.batches = methods.batches
  source.collect = methods.collect
  source.subscribe = methods.subscribe
  source.toReadableStream = methods.toReadableStream
  return observable(source) as Source<T>
}

/** How a source is opened, and who keeps track of it. */
const OPEN = Symbol('open')
const ENLIST = Symbol('enlist')

interface Opened<T> extends Source<T> {
  [OPEN]?: () => BatchReader<T>
  [ENLIST]?: Enlist | undefined
}

const itemsOf = <T>(source: Opened<T>) => pullItems(source[OPEN]!, source[ENLIST])
const batchesOf = <T>(source: Opened<T>) => pullBatches(source[OPEN]!, source[ENLIST])

/** What all sources have: made for each anew, it would take as long as a small read does. */
const methods = {
  [Symbol.asyncIterator](this: Opened<any>) {
    return iterate(itemsOf(this))
  },
  batches(this: Opened<any>) {
    return iterate(batchesOf(this))
  },
  collect(this: Opened<any>) {
    return collect(batchesOf(this))
  },
  subscribe(this: Opened<any>, ...args: Rest<Parameters<typeof subscribe<any>>>) {
    return subscribe(itemsOf(this), ...args)
  },
  toReadableStream(this: Opened<any>, { highWaterMark = 0 } = {}) {
    return readable(itemsOf(this), highWaterMark)
  }
}

type Rest<A extends unknown[]> = A extends [unknown, ...infer R] ? R : never

/** A source as a reader. One of ours that nobody keeps track of is read by the batch. */
export const sourceReader = <T>(source: PullSource<T>): BatchReader<T> => {
  const { [OPEN]: open, [ENLIST]: enlist } = source as Opened<T>
  return open && !enlist ? open() : pullReader(source)
}

/** Ends a reader with `ABORTED` when the signal fires. */
export const bySignal =
  (signal: AbortSignal | undefined): Enlist =>
  abort =>
    onAbort(signal, () =>
      abort(new FlumeError('ABORTED', 'the stream was aborted by its signal', { cause: signal!.reason }))
    )

/**
 * A reader, opened at the first read, as a pull function. Here an abort answers a read that waits, late answers of the
 * reader are dropped, and a task whose budget is spent goes on in another.
 */
export function pullBatches<T>(open: () => BatchReader<T>, enlist?: Enlist): PullSource<T[]> {
  let reader: BatchReader<T> | undefined
  let release: (() => void) | undefined
  let ended: End | null = null
  let waiting: ((end: End | null, items?: T[]) => void) | undefined

  const end = (how: End) => {
    ended = how
    reader = undefined
    release?.()
  }
  const stop = (how: End, cb: () => void = () => {}) => {
    if (ended) return cb()
    const pending = waiting
    const opened = reader
    waiting = undefined
    end(how)
    if (pending) call(pending, how)
    if (opened) opened.close(how, cb)
    else cb()
  }

  return (abort, cb) => {
    if (abort) return stop(abort, () => cb(abort))
    if (ended) return cb(ended)
    if (waiting) throw new FlumeError('INVALID_OPTION', 'a source was read again before it had answered')
    waiting = cb
    const answer = (how: End | null, items?: T[], last?: boolean) => {
      if (waiting !== cb) return
      waiting = undefined
      if (how || last) end(how ?? true)
      call(cb, how, items)
    }
    const next = () => {
      if (waiting !== cb) return
      try {
        if (!reader) {
          release = enlist?.(stop)
          if (ended) return release?.()
          reader = open()
        }
        reader.next(answer)
      } catch (err) {
        answer(err as Error)
      }
    }
    // The first read opens, and opens at once: what is read begins where things stand when it was asked for.
    if (reader && spent()) later(next)
    else next()
  }
}

/** All items. Batches that are there at once are taken at once: between them a promise would cost more than a small read. */
const collect = <T>(read: PullSource<T[]>): Promise<T[]> =>
  new Promise((resolve, reject) => {
    const all: T[] = []
    let asking = false
    let asks = true
    const take = (end: End | null, batch?: T[]) => {
      if (end) return end === true ? resolve(all) : reject(end)
      for (const item of batch!) all.push(item)
      asks = true
      if (!asking) ask()
    }
    const ask = () => {
      asking = true
      while (asks) {
        asks = false
        read(null, take)
      }
      asking = false
    }
    ask()
  })

/** How many items are handed out between two looks at the clock. */
const STRIDE = 32

/** Item by item over batches. A caller may ask for the next from within its callback, for ever: the stack stays flat. */
export function pullItems<T>(open: () => BatchReader<T>, enlist?: Enlist): PullSource<T> {
  type Ask = (end: End | null, item?: T) => void
  const read = pullBatches(open, enlist)
  let items: T[] = []
  let i = 0
  let asked: Ask | undefined // by whom the loop is to be answered next
  let looping = false
  let paused = false
  let granted = false // the next item's turn has come, whatever the clock says

  const loop = () => {
    if (looping || paused) return
    looping = true
    try {
      while (asked) {
        const cb = asked
        if (i >= items.length) {
          asked = undefined
          read(null, (end, batch) => {
            items = batch ?? []
            i = 0
            if (end) return cb(end as End)
            asked = cb
            loop()
          })
        } else if (i % STRIDE === STRIDE - 1 && !granted && spent()) {
          paused = true
          later(resume)
          break
        } else {
          asked = undefined
          granted = false
          cb(null, items[i++])
        }
      }
    } finally {
      looping = false
    }
  }
  const resume = () => {
    paused = false
    granted = true
    loop()
  }

  return (abort, cb) => {
    if (!abort) {
      asked = cb
      return loop()
    }
    const pending = asked
    asked = undefined
    items = []
    i = 0
    if (pending) call(pending, abort)
    read(abort, () => cb(abort))
  }
}

// ReadableStream.from is not everywhere yet, and takes no high-water mark.
function readable<T>(read: PullSource<T>, highWaterMark: number): ReadableStream<T> {
  let cancelled = false
  return new ReadableStream<T>(
    {
      pull: to =>
        new Promise(done =>
          read(null, (end, item) => {
            if (cancelled) return
            if (!end) to.enqueue(item as T)
            else if (end === true) to.close()
            else to.error(end)
            done()
          })
        ),
      cancel: reason =>
        new Promise(done => {
          cancelled = true
          read(reason instanceof Error ? reason : true, () => done())
        })
    },
    { highWaterMark }
  )
}
