// Runs a module for an engine in a page: worker-engine.ts, whose messages these are.

import type { Exports, Imports } from '../boundary.js'
import { Engine, type WasmSource, makeImports } from '../engine.js'
import { STAGED, type SentCall, type SentEvent, type Started } from '../worker-engine.js'

/** The page. */
interface Page {
  onmessage: ((event: MessageEvent) => void) | null
  postMessage(message: Started | SentEvent[], transfer?: ArrayBuffer[]): void
}
const page = globalThis as unknown as Page

/**
 * Where, among the arguments of what Go calls, bytes are told of: the index of their address, and that of their size, in
 * bytes or in uint32s.
 */
const error: [at: number, size: number, unit: number][] = [[1, 2, 1], [3, 4, 1], [5, 6, 1]]
const regions: Record<string, typeof error> = {
  settle: [[3, 4, 1]],
  fail: error,
  records: [[3, 4, 1], [5, 2, 4]],
  since: [],
  progress: [],
  warn: [[1, 2, 1]],
  health: [[1, 2, 1], [3, 4, 1], [6, 7, 1], [8, 9, 1]],
  moved: [],
  stopped: error,
  map: [[4, 5, 1], [6, 3, 4]]
}

let events: SentEvent[] = []

/** Tells the page, once Go has returned. */
function tell(name: string, args: number[], bytes?: ArrayBuffer): void {
  if (events.push([name, args, bytes]) > 1) return
  queueMicrotask(() => {
    page.postMessage(events, events.flatMap(([, , bytes]) => bytes ?? []))
    events = []
  })
}

/** Go's calls, told to the page with a copy of the bytes that they point at; turns are given here. */
function forwarding(engine: () => Engine): Imports {
  const imports: Imports = { ...makeImports(engine) }
  for (const [name, places] of Object.entries(regions))
    imports[name as 'since'] = (...args: number[]) => {
      const found = places.filter(([at]) => args[at])
      const bytes = new Uint8Array(found.reduce((sum, [, size, unit]) => sum + args[size] * unit, 0))
      let to = 0
      for (const [at, size, unit] of found) {
        const length = args[size] * unit
        bytes.set(engine().memory().subarray(args[at], args[at] + length), to)
        args[at] = to
        to += length
      }
      tell(name, args, to ? bytes.buffer : undefined)
    }
  return imports
}

function obey(engine: Engine, calls: SentCall[]): void {
  for (const [name, args, staged] of calls) {
    if (staged) engine.stage(new Uint8Array(staged, STAGED))
    const answer = engine.enter(exports => {
      const at = (exports[name] as (...args: number[]) => number | undefined)(...args)
      return at && { at, size: exports.flumedb_size(), since: exports.flumedb_call_since?.() ?? 0, stale: exports.flumedb_call_stale?.() ?? 0 }
    })
    // What is answered at once is no less an answer to a request for the page.
    if (answer) tell('settle', [args[name === 'flumedb_pinned_call' ? 2 : 1], answer.since, answer.stale, 0, answer.size], engine.bytes(answer.at, answer.size).buffer as ArrayBuffer)
  }
  engine.resume()
}

page.onmessage = ({ data: source }: MessageEvent<WasmSource>) => {
  let waiting: SentCall[][] = []
  page.onmessage = ({ data }) => void waiting.push(data)
  Engine.start(source, forwarding).then(
    engine => {
      const crashed = (err: Error) => tell('crashed', [], new TextEncoder().encode(err.message.replace(/.* crashed: /, '')).buffer)
      engine.logs.set(0, { since() {}, warn() {}, health() {}, crashed })
      page.postMessage({ build: __BUILD__, exports: engine.enter(exports => Object.keys(exports as Exports).filter(name => name.startsWith('flumedb_')))! })
      page.onmessage = ({ data }) => obey(engine, data)
      for (const calls of waiting) obey(engine, calls)
    },
    (err: Error) => page.postMessage({ failed: err.message })
  )
}
