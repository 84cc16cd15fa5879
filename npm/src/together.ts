// Reads of several views that all stand at the same seq.

import { answer, takeCallback } from './callback.js'
import { copy } from './copy.js'
import { FlumeError } from './errors.js'
import type { NativeLog, NativePin } from './native-log.js'
import { type End } from './pull.js'
import { type BatchReader, bySignal, createSource, sourceReader } from './source.js'
import { isLive } from './stream-options.js'
import { type HostedView, type ViewHost } from './view-host.js'

/** A read in which nothing is asked for so long, twice, is over: views must not be held by one who waits for something else. */
const IDLE_MS = 500

/** How many items are handed out between two signs of life. */
const STRIDE = 64

type Read = (views: HostedView[], fn: (...views: any[]) => unknown, signal: AbortSignal | undefined) => Promise<unknown>

export function createRead(db: ViewHost, native: NativeLog | undefined): Read {
  // Those that hold views of both kinds take turns. One that holds some and waits for others could else wait for one that
  // holds these and waits for those.
  let turns: Promise<void> = Promise.resolve()

  return async (views, fn, signal) => {
    let stop!: (how: End) => void
    const stopped = new Promise<never>((_, reject) => (stop = reject))
    stopped.catch(() => {})
    const unlisten = [db.enlist(stop), bySignal(signal)(stop)]
    const held = new Holding()
    try {
      if (views.some(view => view.inModule) && views.some(view => view.inJavaScript)) {
        const before = turns
        turns = new Promise(resolve => held.onRelease(resolve))
        await Promise.race([before, stopped])
      }
      const seq = await hold(db, native, views, held, stopped)
      const questions = new Questions(held)
      let pinned = 0
      const given = views.map(view => questions.of(view, seq, view.inModule ? pinned++ : 0))
      try {
        return await Promise.race([fn(...given), stopped])
      } finally {
        questions.end('the read of several views is over')
      }
    } finally {
      held.release()
      for (const off of unlisten) off()
    }
  }
}

/** What a read holds. What comes to be held after it is over is let go at once. */
class Holding {
  pin?: NativePin
  #release: (() => void)[] = []
  #over = false

  onRelease(fn: () => void): void {
    if (this.#over) fn()
    else this.#release.push(fn)
  }

  release(): void {
    this.#over = true
    for (const fn of this.#release.splice(0)) fn()
  }
}

/** Has all views stand at one seq, which is not before that of the newest record now, and answers it. */
async function hold(db: ViewHost, native: NativeLog | undefined, views: HostedView[], held: Holding, stopped: Promise<never>): Promise<number> {
  const soon = <T>(promise: Promise<T>) => Promise.race([promise, stopped])
  const called = (run: (cb: (err: Error | null) => void) => void) => new Promise<void>((resolve, reject) => run(err => (err ? reject(err) : resolve())))
  const inJavaScript = views.flatMap(({ inJavaScript }) => inJavaScript ?? [])
  const inModule = views.flatMap(({ inModule }) => inModule ?? [])

  await soon(called(cb => db.loaded(cb)))
  let seq = db.since.value!
  // Those of JavaScript go this far and no further, until the module's have been brought to stand together.
  const holds = inJavaScript.map(view => view.hold(seq))
  for (const { letGo } of holds) held.onRelease(letGo)
  await soon(Promise.all(views.map(view => called(cb => view.ready(cb, seq)))))
  if (!inModule.length) return seq
  const mounted = await soon(Promise.all(inModule.map(view => view.mounted())))
  held.pin = await soon(
    new Promise<NativePin>((resolve, reject) =>
      held.onRelease(
        native!.pin(mounted, (err, pin) => {
          if (err) return reject(err)
          held.onRelease(() => pin!.release())
          resolve(pin!)
        })
      )
    )
  )
  seq = held.pin.since
  for (const { raise } of holds) raise(seq)
  await soon(Promise.all(views.filter(view => view.inJavaScript).map(view => called(cb => view.ready(cb, seq)))))
  return seq
}

/** What is asked of the views in one read. */
class Questions {
  readonly #held: Holding
  #over: string | undefined
  #pending = 0
  #lively = true
  readonly #sources = new Set<(how: End) => void>()
  readonly #timer: ReturnType<typeof setInterval>

  constructor(held: Holding) {
    this.#held = held
    this.#timer = setInterval(() => {
      if (!this.#pending && !this.#lively)
        this.end('the read of several views is over: for a second its function had asked for nothing, and views do not wait longer. Ask for all that is needed before waiting for anything else')
      this.#lively = false
    }, IDLE_MS)
  }

  /** Lets the views go. What is asked from then on fails. */
  end(why: string): void {
    if (this.#over) return
    this.#over = why
    clearInterval(this.#timer)
    this.#held.release()
    for (const abort of [...this.#sources]) abort(new FlumeError('CLOSED', why))
  }

  /** A view as it is given to the function; `index` is its place among those of the pin. */
  of(view: HostedView, seq: number, index: number): Record<string, unknown> {
    const { name, methods } = view.mounted
    const { self, valid } = view.inModule ? { self: view.inModule.at(seq, this.#held.pin!, index), valid: () => true } : view.inJavaScript!.at()
    // What JavaScript's views answer may be what they go on changing.
    const own = view.inModule ? (value: any) => value : copy
    const check = () => {
      this.#lively = true
      if (this.#over) throw new FlumeError('CLOSED', this.#over)
      if (!valid()) throw new FlumeError('VIEW', `view '${name}' was built anew while it was held for a read`, { view: name })
    }
    const kinds: Record<string, (fn: any) => unknown> = {
      async: fn =>
        (...args: any[]) => {
          const cb = takeCallback(args)
          if (!args.length && fn.length > 1) args.push(undefined)
          return answer<any>(cb, cb => {
            check()
            this.#asked(done => fn.call(self, ...args, done), (err, ...values) => (err ? cb(err, undefined) : (cb as any)(null, ...values.map(own))), check)
          })
        },
      source: fn => (options?: any) => {
        if (isLive(options)) throw new FlumeError('INVALID_OPTION', 'a read of several views is of one seq, and cannot be live', { view: name })
        check()
        return createSource(
          () => this.#reader(sourceReader(fn.call(self, options)), own, check),
          abort => {
            this.#sources.add(abort)
            return () => void this.#sources.delete(abort)
          }
        )
      },
      sync: fn =>
        new Proxy(fn, {
          apply: (_fn, _self, args) => {
            check()
            return Reflect.apply(fn, self, args)
          }
        })
    }
    const given: Record<string, unknown> = { name, seq }
    for (const [method, kind] of Object.entries(methods)) given[method] = kinds[kind](self[method])
    return given
  }

  /** Asks something, and gives its one answer unless the read or the view has ended meanwhile. */
  #asked(ask: (cb: (...answer: any[]) => void) => void, cb: (err: any, ...answer: any[]) => void, check: () => void): void {
    let answered = false
    this.#pending++
    const once = (err: any, ...answer: any[]) => {
      if (answered) return
      answered = true
      this.#pending--
      try {
        check()
      } catch (err) {
        return cb(err)
      }
      cb(err, ...answer)
    }
    try {
      ask(once)
    } catch (err) {
      once(err)
    }
  }

  #reader(reader: BatchReader<any>, own: (value: any) => any, check: () => void): BatchReader<any> {
    let rest: any[] = []
    const give = (cb: (end: End | null, items?: any[]) => void) => {
      const items = rest.slice(0, STRIDE)
      rest = rest.slice(STRIDE)
      cb(null, items.map(own))
    }
    return {
      next: cb => {
        if (!rest.length)
          return this.#asked(
            done => reader.next(done),
            (end, items) => {
              if (end) return cb(end)
              rest = items!
              give(cb)
            },
            check
          )
        try {
          check()
        } catch (err) {
          return cb(err as Error)
        }
        give(cb)
      },
      close: (end, cb) => reader.close(end, cb)
    }
  }
}
