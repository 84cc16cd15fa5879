import { createGo } from '#wasm-exec'
import { loadModule, makeWorker, moduleUrl, openHost } from '#host'
import { type Exports, type Imports, type Pointer, PROTOCOL, STALE } from './boundary.js'
import { type ErrorCode, FlumeError, call } from './errors.js'
import type { HealthState, HealthStep } from './health.js'
import { later as nextTask } from './slice.js'
import { startInWorker } from './worker-engine.js'

/** Where the module comes from. By default it is the file beside the wrapper. */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module

/** Whether the module runs in a worker, and where that one's script is. By default it is the file beside the wrapper. */
export type WorkerOption = boolean | string | URL

/** How a request is answered: once, after any number of `records`. */
export interface Request {
  settle(a: number, b: number, data?: Uint8Array): void
  fail(err: FlumeError): void
  /** Takes what it needs of the engine's memory at once; it is called while Go runs, and must not call it. */
  records?(first: number, count: number, data: Pointer, size: number, ends: Pointer): void
  progress?(done: number, total: number): void
}

/** What the module is offered by where it runs. */
export interface Host {
  imports: WebAssembly.Imports
  /** Lets go of all that a module holds which has crashed, and so cannot. */
  release(): void
}

export interface LogListener {
  since(seq: number): void
  warn(message: string): void
  health(state: HealthState, step: HealthStep | '', freed: number, error: FlumeError | undefined): void
  /** The module has crashed: nothing more will come. */
  crashed(err: FlumeError): void
}

export interface ViewListener {
  moved(since: number, stale: boolean, bytes: number): void
  stopped(err: FlumeError): void
  /** Makes of records what the view is to see; takes what it needs of the memory at once, and answers with `mapped`. */
  map(batch: number, first: number, count: number, data: Pointer, size: number, ends: Pointer): void
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** A text of more than this is encoded outside of the module's memory first, which would have to be three times as large. */
const LARGE_TEXT = 1 << 20

/** What lets goroutines run. */
export interface Go {
  exited: boolean
  _resume(): void
}

/**
 * One running module, here or in a worker. All that Go answers is acted on after it has returned: in a microtask, in order.
 * When the module crashes, every request that is under way or is made later fails.
 */
export class Engine {
  readonly logs = new Map<number, LogListener>()
  readonly views = new Map<number, ViewListener>()
  readonly #requests = new Map<number, Request>()
  #lastRequest = 0
  #gathered = 0
  #events: (() => void)[] = []
  #u8 = new Uint8Array()
  #crash?: FlumeError
  readonly #exports: Exports
  readonly #go: Go
  readonly #release: () => void
  readonly #largeText: number

  constructor(exports: Exports, go: Go, release: () => void, largeText: number = LARGE_TEXT) {
    this.#exports = exports
    this.#go = go
    this.#release = release
    this.#largeText = largeText
  }

  /** Whether the module has crashed. */
  get dead(): boolean {
    return !!this.#crash
  }

  /** Starts a module here, or fails with `WASM`. */
  static async start(source: WasmSource, importsOf: (engine: () => Engine) => Imports = makeImports): Promise<Engine> {
    let engine: Engine | undefined
    let output = ''
    const go = createGo(goScope(text => (output = (output + text).slice(0, 4096))))
    go.exit = () => {}
    const memory = () => engine!.memory()
    const host = openHost(memory)
    const imports = { ...go.importObject, ...host.imports, flumedb: importsOf(() => engine!) }
    try {
      const instance = await instantiate(await loadModule(source), imports)
      const exports = instance.exports as Exports
      engine = new Engine(exports, go, () => host.release())
      // Events of the host, too, let goroutines run, and what crashes there is caught by nobody else.
      const resume = go._resume.bind(go)
      go._resume = () => {
        try {
          resume()
        } catch (err) {
          engine!.crash('', err)
        }
      }
      go.run(instance).then(
        () => engine!.crash(output || 'it exited'),
        (err: unknown) => engine!.crash(output, err)
      )
      check(exports)
      return engine
    } catch (err) {
      throw err instanceof FlumeError ? err : new FlumeError('WASM', `the WebAssembly module did not start: ${(err as Error)?.message ?? err}`, { cause: err })
    }
  }

  /** The module's memory, which moves whenever it grows: ask after each call into Go. */
  memory(): Uint8Array {
    const { buffer } = this.#exports.mem
    if (this.#u8.buffer !== buffer) this.#u8 = new Uint8Array(buffer)
    return this.#u8
  }

  text(at: Pointer, size: number): string {
    return decoder.decode(this.memory().subarray(at, at + size))
  }

  /** A copy of some of the memory. */
  bytes(at: Pointer, size: number): Uint8Array {
    return this.memory().slice(at, at + size)
  }

  /** Makes a request: `enter` calls the export, by the number given. Goroutines then run until all wait. */
  request(request: Request, enter: (exports: Exports, id: number) => void): number {
    const id = this.add(request)
    this.enter(exports => enter(exports, id))
    this.resume()
    return id
  }

  /** Makes a request that begins when this task is over, together with others that are made so. */
  gather(request: Request, enter: (exports: Exports, id: number) => void): void {
    const id = this.add(request)
    this.enter(exports => enter(exports, id))
    if (this.#gathered++) return
    this.later(() => {
      this.#gathered = 0
      this.resume()
    })
  }

  /** A number for a request that may turn out to need no answer. */
  reserve(): number {
    return (this.#lastRequest = (this.#lastRequest + 1) >>> 0)
  }

  /** Makes a request of work that is not to begin before the next `resume`. */
  add(request: Request, id: number = this.reserve()): number {
    this.#requests.set(id, request)
    if (this.#crash) this.later(() => this.#failAll())
    return id
  }

  cancel(id: number): void {
    if (!this.#requests.has(id)) return
    this.enter(exports => exports.flumedb_cancel(id))
    this.resume()
  }

  /** Calls an export, which never waits. */
  enter<R>(run: (exports: Exports) => R): R | undefined {
    if (this.#crash) return
    try {
      const result = run(this.#exports)
      if (!this.#go.exited) return result
    } catch (err) {
      this.crash('', err)
    }
    return
  }

  /** Lets goroutines run until all of them wait. */
  resume(): void {
    this.enter(() => this.#go._resume())
  }

  /** Puts strings and bytes into the staging buffer, one behind the other, and gives their sizes. */
  stage(...parts: (string | Uint8Array)[]): number[] {
    const encoded = parts.map(part => (typeof part === 'string' ? encoder.encode(part) : part))
    let at = this.enter(exports => exports.flumedb_stage(encoded.reduce((sum, part) => sum + part.length, 0))) ?? 0
    if (at)
      for (const part of encoded) {
        this.memory().set(part, at)
        at += part.length
      }
    return encoded.map(part => part.length)
  }

  /** Puts one text into the staging buffer, and gives its size in bytes. */
  stageText(text: string): number {
    if (text.length > this.#largeText) return this.stage(text)[0]
    const at = this.enter(exports => exports.flumedb_stage(text.length * 3))
    if (!at) return 0
    return encoder.encodeInto(text, this.memory().subarray(at, at + text.length * 3)).written
  }

  /** Runs `event` after Go has returned, in order. */
  later(event: () => void): void {
    if (this.#events.push(event) === 1) queueMicrotask(() => this.#drain())
  }

  #drain(): void {
    for (let i = 0; i < this.#events.length; i++) call(this.#events[i])
    this.#events = []
  }

  /** Ends a request's wait, whose work is done; undefined if it does not wait. */
  take(id: number): Request | undefined {
    const request = this.#requests.get(id)
    this.#requests.delete(id)
    return request
  }

  peek(id: number): Request | undefined {
    return this.#requests.get(id)
  }

  /** Ends all: it exited, after it had put out this, or that was thrown. */
  crash(output: string, cause?: unknown): void {
    const reason = output.trim() || String((cause as Error)?.message ?? cause ?? 'it exited')
    if (this.#crash) return
    this.#crash = new FlumeError('WASM', `the WebAssembly module crashed: ${reason}`, { cause })
    this.#release()
    this.later(() => this.#failAll())
  }

  #failAll(): void {
    for (const id of [...this.#requests.keys()]) {
      const request = this.take(id)
      if (request) call(() => request.fail(this.#crash!))
    }
    for (const view of this.views.values()) view.stopped(this.#crash!)
    this.views.clear()
    for (const log of this.logs.values()) log.crashed(this.#crash!)
    this.logs.clear()
  }
}

/** What Go calls, for an engine that is there by then. */
export function makeImports(engine: () => Engine): Imports {
  return {
    settle(id, a, b, at, size) {
      const e = engine()
      const request = e.take(id)
      if (!request) return
      const data = size ? e.bytes(at, size) : undefined
      e.later(() => request.settle(a, b, data))
    },
    fail(id, ...error) {
      const e = engine()
      const request = e.take(id)
      if (!request) return
      const err = readError(e, ...error)
      e.later(() => request.fail(err))
    },
    records(id, first, count, data, size, ends) {
      engine().peek(id)?.records?.(first, count, data, size, ends)
    },
    since(log, seq) {
      const e = engine()
      e.later(() => e.logs.get(log)?.since(seq))
    },
    progress(id, done, total) {
      const e = engine()
      const request = e.peek(id)
      if (request?.progress) e.later(() => request.progress!(done, total))
    },
    warn(log, message, size) {
      const e = engine()
      const text = e.text(message, size)
      e.later(() => e.logs.get(log)?.warn(text))
    },
    health(log, state, stateSize, step, stepSize, freed, code, codeSize, message, messageSize, first, last) {
      const e = engine()
      const told = [e.text(state, stateSize) as HealthState, e.text(step, stepSize) as HealthStep, freed] as const
      const err = codeSize ? readError(e, code, codeSize, message, messageSize, 0, 0, first, last) : undefined
      e.later(() => e.logs.get(log)?.health(...told, err))
    },
    moved(view, since, flags, bytes) {
      const e = engine()
      e.later(() => e.views.get(view)?.moved(since, (flags & STALE) !== 0, bytes))
    },
    stopped(view, ...error) {
      const e = engine()
      const err = readError(e, ...error)
      e.later(() => e.views.get(view)?.stopped(err))
    },
    turn(id, delay) {
      const e = engine()
      const grant = () => {
        e.enter(exports => exports.flumedb_turn(id))
        e.resume()
      }
      if (!delay) return nextTask(grant)
      const timer: { unref?(): void } | number = setTimeout(grant, delay)
      ;(timer as { unref?(): void }).unref?.()
    },
    map(view, ...batch) {
      engine().views.get(view)?.map(...(batch as [number, number, number, number, number, number]))
    }
  }
}

/** An error as Go passes it: code, message and segment by their places and sizes, the first seq and the last. */
function readError(e: Engine, ...[code, codeSize, message, messageSize, segment, segmentSize, first, last]: number[]): FlumeError {
  return new FlumeError(e.text(code, codeSize) as ErrorCode, e.text(message, messageSize), {
    ...(first >= 0 && { seq: first }),
    ...(last >= 0 && { last }),
    ...(segmentSize && { segment: e.text(segment, segmentSize) })
  })
}

type Source = Response | BufferSource | WebAssembly.Module

async function instantiate(source: Source, imports: WebAssembly.Imports): Promise<WebAssembly.Instance> {
  if (source instanceof WebAssembly.Module) return WebAssembly.instantiate(source, imports)
  // In this order: Node takes 40 ms to load what Response is.
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source) || typeof Response === 'undefined' || !(source instanceof Response))
    return (await WebAssembly.instantiate(source as BufferSource, imports)).instance
  if (!source.ok) throw new Error(`${source.url} answered ${source.status}`)
  // Streaming needs the right MIME type, which not every server knows.
  if (source.headers.get('content-type')?.startsWith('application/wasm'))
    return (await WebAssembly.instantiateStreaming(source, imports)).instance
  return (await WebAssembly.instantiate(await source.arrayBuffer(), imports)).instance
}

/** The build of a module that a user has compiled, with views of their own. */
const OWN = '000000000000'

/**
 * The wrapper and the module must be of one build: what crosses is not a public interface. Of users' own modules we know the
 * protocol only.
 */
function check(exports: Partial<Exports>): void {
  if (!exports.flumedb_protocol || !exports.flumedb_build) throw new FlumeError('WASM', 'this WebAssembly module is not flumedb-wasm')
  const build = exports.flumedb_build().toString(16).padStart(12, '0')
  const protocol = exports.flumedb_protocol()
  if (build === OWN && protocol !== PROTOCOL)
    throw new FlumeError(
      'WASM',
      `this WebAssembly module speaks protocol ${protocol}, the wrapper ${__VERSION__} protocol ${PROTOCOL}: build it with the Go module of the wrapper's version`
    )
  if (build !== OWN && (protocol !== PROTOCOL || build !== __BUILD__))
    throw new FlumeError(
      'WASM',
      `the WebAssembly module is of build ${build}, the wrapper ${__VERSION__} of build ${__BUILD__}: use the flumedb.wasm of the same package version`
    )
}

/**
 * The global object that Go sees. It hides the host's files and process from Go's own libraries, so that Go uses its
 * stand-ins, and collects what Go prints when it crashes.
 */
function goScope(print: (text: string) => void): object {
  const own: Record<PropertyKey, any> = { fs: undefined, process: undefined, path: undefined }
  return new Proxy(globalThis, {
    get: (real, key) => (key in own ? own[key] : Reflect.get(real, key)),
    set(_, key, value) {
      own[key] = value
      if (key === 'fs')
        value.writeSync = (_fd: number, bytes: Uint8Array) => {
          print(decoder.decode(bytes))
          return bytes.length
        }
      return true
    }
  })
}

const engines = new Map<unknown, Promise<Engine>>()
const inWorkers: typeof engines = new Map()

/**
 * The engine of a source, shared by all logs that name the same; a new one where that has crashed or did not start. Without
 * a source it is one with views if they are asked for, or if there is one already. `worker` has it run in a worker.
 */
export async function engineOf(source: WasmSource | undefined, views: boolean, worker: WorkerOption = false): Promise<Engine> {
  const running = worker ? inWorkers : engines
  source ??= running.has(moduleUrl(true).href) ? moduleUrl(true) : moduleUrl(views)
  const key = source instanceof URL ? source.href : source
  const known = running.get(key)
  if (known) {
    const engine = await known.catch(() => undefined)
    if (engine && !engine.dead) return engine
    if (running.get(key) === known) running.delete(key)
    else return engineOf(source, views, worker)
  }
  const starting = worker ? startInWorker(makeWorker(worker), source) : Engine.start(source)
  running.set(key, starting)
  return starting
}
