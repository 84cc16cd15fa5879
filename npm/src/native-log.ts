import { ABSENT, type Exports, MAPPED } from './boundary.js'
import { type Codec, decode, json } from './codec.js'
import type { Engine, Request } from './engine.js'
import { FlumeError, call } from './errors.js'
import { later } from './slice.js'

/** What a native view is mounted as. */
export interface NativeSpec {
  name: string
  version: number | string
  /** As the module knows it. */
  kind: string
  options: unknown
  /**
   * Makes of a record's value what the view is to see of it, as JSON can hold it; null and undefined are not seen. Without
   * one the view sees the record as it is stored, and no value is made of it.
   */
  map?: ((value: any, seq: number, cb: (err: unknown, mapped?: unknown) => void) => void) | undefined
  /** How many past states are kept, for reads as of a past seq. */
  history?: number
  /** What `map` gives as JSON, where that takes more than JSON.stringify. */
  encode?: ((mapped: any) => string) | undefined
}

export interface NativeListener {
  moved(since: number, stale: boolean, bytes: number): void
  stopped(err: FlumeError): void
}

/** An answer, and the seq of the state that gave it. */
export interface NativeAnswer<R = any> {
  value: R
  since: number
  stale: boolean
}

/** Arguments of a call, or their JSON. */
export type Args = unknown[] | string

/** A view in the module. */
export interface NativeView {
  /** Its handle. */
  readonly id: number
  /** Answers at once, if that needs no waiting. `loaded` has an old state answer while another is being built. */
  call(method: string, args: Args, loaded: boolean, cb: (err: Error | null, answer?: NativeAnswer) => void): void
  /** Answers as of a past seq, if no more records have to be replayed for it; with a negative number, however many. */
  callAt(seq: number, maxReplay: number, method: string, args: Args, cb: (err: Error | null, answer?: NativeAnswer) => void): void
  rebuild(cb: (err: Error | null) => void): void
  unmount(cb: (err: Error | null) => void): void
}

/** Views that are held at one seq: no view of the log is fed until they are released. */
export interface NativePin {
  readonly since: number
  /** Calls the view of this index among them. */
  call(index: number, method: string, args: Args, cb: (err: Error | null, answer?: NativeAnswer) => void): void
  release(): void
}

/** What a log of ours offers to native views: they run in the module that has the log. */
export interface NativeLog {
  mount(spec: NativeSpec, listener: NativeListener, cb: (err: Error | null, view?: NativeView) => void): void
  /**
   * Holds views of the log once they stand at one seq that is not before that of the newest record. The function returned
   * gives that up.
   */
  pin(views: NativeView[], cb: (err: Error | null, pin?: NativePin) => void): () => void
  /** Tells, before the log has been opened, that there will be a view. */
  expect(): void
  /** Whether its records are JSON texts, which a native view reads as they are. */
  readonly json: boolean
}

/** `how` is the engine's way of making it. */
type RequestOnLog = (
  answers: Request,
  enter: (exports: Exports, handle: number, id: number, engine: Engine) => void,
  how?: 'request' | 'gather'
) => void

export function nativeLog(codec: Codec<any>, request: RequestOnLog, expect: () => void): NativeLog {
  return {
    expect,
    json: codec === json,
    mount(spec, listener, cb) {
      let engine: Engine
      let view: number
      // What is told of the view before the caller has it.
      let early: (() => void)[] | undefined = []
      const tell = (event: () => void) => void (early ? early.push(event) : event())
      const { name, version, kind, options } = spec
      request(
        {
          settle() {
            const due = early!
            early = undefined
            cb(null, nativeView(engine, view))
            for (const event of due) event()
          },
          fail(err) {
            engine?.views.delete(view)
            cb(err)
          }
        },
        (exports, handle, id, on) => {
          engine = on
          view = id
          engine.views.set(view, {
            moved: (...at) => tell(() => listener.moved(...at)),
            stopped: err => tell(() => listener.stopped(err)),
            map: mapper(engine, codec, spec)
          })
          if (!exports.flumedb_mount) {
            on.take(id)
            return cb(new FlumeError('WASM', 'this WebAssembly module has no views: give the log flumedb-views.wasm', { view: name }))
          }
          const sizes = on.stage(name, JSON.stringify(version), kind, JSON.stringify(options) ?? '') as [number, number, number, number]
          exports.flumedb_mount(handle, id, ...sizes, spec.map ? MAPPED : 0, spec.history ?? 0)
        },
        'gather'
      )
    },
    pin(views, cb) {
      let engine: Engine | undefined
      let pin: number
      let over = false
      const release = () => {
        engine!.enter(exports => exports.flumedb_unpin(pin))
        engine!.resume()
      }
      request(
        {
          settle(since) {
            if (over) return release()
            over = true
            cb(null, {
              since,
              release,
              call: (index, method, args, cb) =>
                ask(engine!, method, args, (exports, id, methodSize, argsSize) => exports.flumedb_pinned_call(pin, index, id, methodSize, argsSize), cb)
            })
          },
          fail(err) {
            over = true
            cb(err)
          }
        },
        (exports, handle, id, on) => {
          engine = on
          pin = id
          on.stage(new Uint8Array(Uint32Array.from(views, view => view.id).buffer))
          exports.flumedb_pin(handle, id, views.length)
        }
      )
      return () => {
        if (over) return
        over = true
        engine?.cancel(pin)
      }
    }
  }
}

/** Calls a method of a view: `enter` is given the sizes of what is staged. Answers at once, if that needs no waiting. */
function ask(
  engine: Engine,
  method: string,
  args: Args,
  enter: (exports: Exports, id: number, methodSize: number, argsSize: number) => number,
  cb: (err: Error | null, answer?: NativeAnswer) => void
): void {
  const answer = (json: string | undefined, since: number, stale: boolean) =>
    call(cb as any, null, { value: json && JSON.parse(json), since, stale })
  const id = engine.reserve()
  const size = engine.stageText(method + (typeof args === 'string' ? args : JSON.stringify(args))) // methods have names of ASCII
  let told = 0
  let since = 0
  let stale = 0
  const at = engine.enter(exports => {
    const at = enter(exports, id, method.length, size - method.length)
    if (at) {
      told = exports.flumedb_size()
      since = exports.flumedb_call_since()
      stale = exports.flumedb_call_stale()
    }
    return at
  })
  if (!at) {
    engine.add({ settle: (since, stale, data) => answer(data && utf8.decode(data), since, stale !== 0), fail: err => call(cb as any, err) }, id)
    return engine.resume()
  }
  answer(engine.text(at, told), since, stale !== 0)
}

function nativeView(engine: Engine, view: number): NativeView {
  return {
    id: view,
    call: (method, args, loaded, cb) =>
      ask(engine, method, args, (exports, id, methodSize, argsSize) => exports.flumedb_call(view, id, methodSize, argsSize, loaded ? 1 : 0), cb),
    callAt: (seq, maxReplay, method, args, cb) =>
      ask(engine, method, args, (exports, id, methodSize, argsSize) => exports.flumedb_call_at(view, id, methodSize, argsSize, seq, maxReplay), cb),
    rebuild: cb => void engine.request({ settle: () => cb(null), fail: cb }, (exports, id) => exports.flumedb_rebuild(view, id)),
    unmount: cb =>
      void engine.request(
        {
          settle() {
            engine.views.delete(view)
            cb(null)
          },
          fail: cb
        },
        (exports, id) => exports.flumedb_unmount(view, id)
      )
  }
}

const utf8 = new TextDecoder()
const encoder = new TextEncoder()

/** Answers what Go asks a view's map to make of records. */
function mapper(engine: Engine, codec: Codec<any>, { map, encode = JSON.stringify }: NativeSpec) {
  return (batch: number, first: number, count: number, data: number, size: number, ends: number) => {
    const bytes = engine.bytes(data, size)
    const table = new Uint32Array(engine.bytes(ends, 4 * count).buffer)
    const parts: (Uint8Array | undefined)[] = [] // of each record
    let over = false

    const reply = (failure?: unknown) => {
      if (over) return
      over = true
      const lengths = Uint32Array.from(parts, part => part?.length ?? ABSENT)
      const why = failure === undefined ? '' : String((failure as Error)?.message ?? failure) || 'it threw'
      const [, ...sizes] = engine.stage(new Uint8Array(lengths.buffer), ...parts.filter(part => part !== undefined), why)
      const errorSize = sizes.pop()!
      const textSize = sizes.reduce((sum, n) => sum + n, 0)
      engine.enter(exports => exports.flumedb_mapped(batch, parts.length, textSize, errorSize))
      engine.resume()
    }
    const next = () => {
      while (!over && parts.length < count) {
        const i = parts.length
        let waiting = false
        const take = (err: unknown, mapped?: unknown) => {
          if (over || parts.length !== i) return
          if (err) return reply(err)
          try {
            parts.push(mapped == null ? undefined : encoder.encode(encode(mapped)))
          } catch (thrown) {
            return reply(thrown)
          }
          if (waiting) next()
        }
        try {
          map!(decode(codec, bytes.subarray(i ? table[i - 1] + 1 : 1, table[i]), first + i), first + i, take)
        } catch (err) {
          reply(err)
        }
        waiting = true
        if (parts.length === i) return
      }
      reply()
    }
    later(next) // in a task whose share of work is not yet used up
  }
}
