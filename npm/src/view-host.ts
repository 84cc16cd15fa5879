import { FlumeError, rethrowLater } from './errors.js'
import { type Obv, type WritableObv, createObv } from './obv.js'
import type { NativePin, NativeView } from './native-log.js'
import { type Progress, type ViewStatus, reporter } from './progress.js'
import { type End, type PullSource } from './pull.js'
import { type BatchReader, pullItems } from './source.js'
import { type Item, type MountedView, type StreamOptions, type View } from './types.js'
import { wrapMethods } from './view-methods.js'
import { type Waits, createWaits, whenReady } from './view-waits.js'

/** What a view needs of the database it is mounted on. */
export interface ViewHost {
  readonly since: Obv<number>
  readonly ready: Obv<boolean>
  readonly closed: boolean
  readonly progress: WritableObv<Progress>
  /** Calls back once the log has loaded, at once if it has; with the reason if it never will. */
  loaded(cb: (err: Error | null) => void): void
  reader(options: StreamOptions, skipped?: (last: number, through: number) => void): BatchReader<Item<any>>
  /** Ends readers when the database closes, those that are live without an error. */
  enlist(abort: (how: End) => void, live?: boolean): () => void
  /** What changes records between the log and every reader of it. */
  readonly mapper?: ((value: any, cb: (err: any, value?: any) => void) => void) | undefined
}

/** How often a view may fail without getting further before it is left alone, and the first of the growing waits between. */
const RETRIES = 3
const RETRY_MS = 50

/** Another library's observable as ours. */
export function toObv<T>(from: any): Obv<T> {
  if (from['@@observable']) return from
  const obv = createObv<T>()
  from((value: T) => obv.set(value))
  return obv
}

/** A view as it is mounted, and what only the database calls: a view's methods may have any name. */
export interface HostedView {
  readonly mounted: MountedView
  readonly ready: Waits['ready']
  status(): ViewStatus
  rebuild(cb: (err: Error | null) => void): void
  close(cb: (err?: any) => void): void
  /** For reads of several views at one seq, of a view that runs in the module. */
  readonly inModule?: {
    /** It, once it is there. */
    mounted(): Promise<NativeView>
    /** Its methods, not waiting for anything, while it is held at `seq` as the view of that index. */
    at(seq: number, pin: NativePin, index: number): Record<string, unknown>
  }
  /** The same of a view in JavaScript. */
  readonly inJavaScript?: {
    /** From now on gives it no record behind `through`. */
    hold(through: number): Hold
    /** Itself, while it is held, and whether it is still what it was. */
    at(): { self: Record<string, any>; valid(): boolean }
  }
}

export interface Hold {
  /** Sets another `through`. */
  raise(through: number): void
  letGo(): void
}

/**
 * Feeds `view` from the log, and lets its methods wait for it.
 *
 * Of a view's builds at most one is current; starting or stopping one makes the others' late callbacks void. A view
 * that throws is stopped, with no harm to appends or other views; so is one that keeps failing. A stopped view answers
 * `{since: -1}` from what it has, other reads with the error, and starts again on `rebuild`.
 */
export function hostView(db: ViewHost, name: string, view: View): HostedView {
  const own = toObv<number>(view.since)
  // Where the newest records have been deleted, the view is given none of them, and yet has come to the end.
  const since = createObv<number>()
  let skipped: { last: number; through: number } | undefined
  const skip = () => {
    if (!skipped || !(own.value! >= skipped.last && own.value! < skipped.through)) return
    view.skip?.()
    since.set(skipped.through)
  }
  own(at => {
    since.set(at)
    skip()
  })
  const progress = reporter(name, db.progress)
  let build = 0
  let stopReading: (() => void) | undefined
  let failure: Error | undefined
  let closed = false
  let trusted = false // its since has been found to be within the log
  let destroying: ((err: Error | null) => void)[] | undefined
  let failures = 0
  let furthest = -1

  since(at => {
    if (at != null && stopReading) progress.at(at, db.since.value!)
  })
  const { ready, settle } = createWaits({
    since,
    newest: db.since,
    loaded: db.loaded,
    usable: () => trusted && !!db.ready.value && !destroying,
    failure: () => failure
  })
  db.ready(ready => ready && settle())

  // Reads of several views hold it back; what it is not to be given yet waits here.
  const holds = new Set<{ through: number }>()
  let heldBack: { seq: number; give(end: End | null): void } | undefined
  const mayHave = (seq: number) => [...holds].every(({ through }) => seq <= through)
  const goOn = (end: End | null = null) => {
    if (!heldBack || !(end || mayHave(heldBack.seq))) return
    const { give } = heldBack
    heldBack = undefined
    give(end)
  }
  const hold = (through: number): Hold => {
    const one = { through }
    holds.add(one)
    return {
      raise(to) {
        one.through = to
        goOn()
      },
      letGo() {
        holds.delete(one)
        goOn()
      }
    }
  }

  /** Voids the current build. */
  const halt = () => {
    build++
    goOn(true)
    const stop = stopReading
    stopReading = undefined
    skipped = undefined
    progress.stop()
    stop?.()
  }
  const fail = (err: Error) => {
    halt()
    failure = err
    progress.stop(err)
    settle()
  }
  const viewError = (what: string, cause: unknown, seq?: number) =>
    new FlumeError('VIEW', `view '${name}' ${what}`, { cause, view: name, ...(seq != null && { seq }) })

  /** Starts a build from `from`, or from where the view says it is. */
  const start = (from?: number) => {
    halt()
    failure = undefined
    const id = build
    const isCurrent = () => id === build
    const current =
      <A extends unknown[]>(fn: (...args: A) => void) =>
      (...args: A) => {
        if (isCurrent()) fn(...args)
      }
    whenReady(
      db.ready,
      current(() =>
        own.once(
          current(at =>
            db.loaded(
              current(err => {
                if (err) return fail(err)
                from ??= at
                // A view ahead of its log belongs to records that are no longer there.
                if (from > db.since.value!) return rebuild()
                trusted = true
                settle()
                read(from, isCurrent)
              })
            )
          )
        )
      )
    )
  }

  const read = (from: number, isCurrent: () => boolean) => {
    const options = { gt: from, live: true, seqs: true, values: true, ...(from === -1 && { cache: false }) }
    const hearSkipped = (last: number, through: number) => {
      if (!isCurrent()) return
      skipped = { last, through }
      skip()
    }
    const items = pullItems(() => db.reader(options, hearSkipped), db.enlist)
    const source: PullSource<Item<any>> = (abort, cb) => {
      if (abort) goOn(abort)
      items(abort, (end, item) => {
        const give = (end: End | null, item?: Item<any>) => {
          if (item) progress.read()
          try {
            cb(end, item)
          } catch (err) {
            if (isCurrent()) fail(viewError('threw', err, item?.seq))
            else rethrowLater(err)
          }
        }
        if (!item || mayHave(item.seq)) return give(end, item)
        heldBack = { seq: item.seq, give: end => (end ? give(end) : give(null, item)) }
      })
    }
    stopReading = () => items(true, () => {})
    progress.start(from, db.since.value!)
    try {
      const sink: any = view.createSink(err => isCurrent() && over(err))
      ;(sink?.sink ?? sink)?.(source)
    } catch (err) {
      fail(viewError('threw', err))
    }
  }

  /** The stream to the view has ended: cleanly, by the view's wish, or because the log or the view failed. */
  const over = (err?: any) => {
    const error: Error | undefined = err && err !== true && err.abort !== true ? err : undefined
    // The log's own errors say nothing against the view's state, and only the host's may pass; for any other the view
    // starts from nothing.
    const ofLog = error instanceof FlumeError
    const at = since.value ?? -1
    if (at > furthest) {
      furthest = at
      failures = 0
    }
    if (ofLog && (error.code !== 'STORE' || failures >= RETRIES)) return fail(error)
    if (failures >= RETRIES)
      return fail(viewError(error ? 'does not get past its errors' : 'keeps ending its stream', error))
    halt()
    const id = build
    const wait = RETRY_MS * 4 ** failures++
    const again = error && !ofLog ? rebuild : start
    if (error) console.error(`flumedb: ${again === rebuild ? 'rebuilding' : 'resuming'} view '${name}' after`, error)
    setTimeout(() => id === build && again(), wait)
  }

  const rebuild = (cb: (err: Error | null) => void = () => {}, discard: View['destroy'] = cb => view.destroy(cb)) => {
    halt()
    failure = undefined
    if (destroying) return void destroying.push(cb)
    destroying = [cb]
    const done = (err?: any) => {
      const asked = destroying
      destroying = undefined
      if (!asked) return
      start(-1)
      for (const cb of asked) err ? cb(err) : ready(cb)
    }
    // A view that is still loading would set its since to what it finds of the state that is to go.
    since.once(() => {
      if (closed) return
      try {
        discard(done)
      } catch (err) {
        done(err)
      }
    })
  }

  const status = () => ({
    ...progress.now(since.value ?? -1, db.since.value ?? -1, closed ? undefined : failure),
    version: view.version,
    bytes: view.bytes,
    stale: view.stale ?? false
  })
  const close = (err: any, cb: any) => {
    if (typeof err === 'function') [err, cb] = [null, err]
    closed = true
    failure = err ?? new FlumeError('CLOSED', 'flumedb:view closed', { view: name })
    halt()
    settle()
    for (const cb of destroying ?? []) cb(failure!)
    destroying = undefined
    if (view.close.length === 1) view.close(cb)
    else view.close(err, cb)
  }
  const mounted: any = {
    name,
    since,
    ready,
    get status() {
      return status()
    },
    methods: view.methods,
    createSink: view.createSink,
    destroy: (cb: any) => view.destroy(cb),
    close
  }
  wrapMethods(db, name, view, mounted, ready, () => closed)
  start()
  return {
    mounted,
    ready,
    status,
    inJavaScript: {
      hold,
      at() {
        const id = build
        return { self: view as any, valid: () => id === build }
      }
    },
    rebuild(cb) {
      failures = 0
      furthest = -1
      rebuild(cb, view.restart && (cb => view.restart!(cb)))
    },
    close: cb => close(null, cb)
  }
}
