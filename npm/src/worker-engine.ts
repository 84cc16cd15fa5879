// An engine whose module runs in a dedicated worker, so that nothing of what it does holds up the page. What crosses the
// boundary is sent: calls of Go's exports one way, with what was staged for them, and what Go calls the other way, with the
// bytes that it points at. The other end is worker/index.ts.

import type { Exports, Pointer } from './boundary.js'
import { Engine, type WasmSource, makeImports } from './engine.js'
import { FlumeError } from './errors.js'

/** A call of an export: its name, its arguments, and what has been staged. */
export type SentCall = [name: string, args: number[], staged: ArrayBuffer | undefined]

/** A call of Go's. Addresses among the arguments are places in `bytes`. */
export type SentEvent = [name: string, args: number[], bytes: ArrayBuffer | undefined]

/** What a worker says first. */
export type Started = { build: string; exports: string[] } | { failed: string }

/** Where in the buffer that is sent the staged bytes begin: 0 would be nowhere, and what has numbers needs to lie even. */
export const STAGED = 8

/** Starts a module in a worker, or fails with `WASM`. */
export async function startInWorker(worker: Worker, source: WasmSource): Promise<Engine> {
  // A response or an address cannot be sent; other bytes are the caller's, and stay so.
  const sent = source instanceof URL ? source.href : typeof source === 'string' ? new URL(source, location.href).href : 'arrayBuffer' in source ? await source.arrayBuffer() : source
  return new Promise((resolve, reject) => {
    let engine: Engine | undefined
    const fail = (message: string) => {
      if (engine) return engine.crash(message)
      worker.terminate()
      reject(new FlumeError('WASM', message))
    }
    worker.onerror = event => fail(`the worker of the WebAssembly module did not start or has failed: ${event.message ?? 'its script cannot be loaded'}`)
    worker.onmessage = ({ data }: MessageEvent<Started>) => {
      if ('failed' in data) return fail(data.failed)
      if (data.build !== __BUILD__) return fail(`the worker is of build ${data.build}, the wrapper ${__VERSION__} of build ${__BUILD__}: use the flumedb-worker.mjs of the same package version`)
      engine = engineIn(worker, data.exports)
      resolve(engine)
    }
    worker.postMessage(sent)
  })
}

function engineIn(worker: Worker, names: string[]): Engine {
  // As far as the engine can tell, this is the module's memory: what it stages now, or what Go points at now.
  const mem = { buffer: new ArrayBuffer(0) }
  let staged: ArrayBuffer | undefined
  let calls: SentCall[] = []
  const exports: Record<string, unknown> = { mem }
  for (const name of names)
    exports[name] = (...args: number[]) => {
      // At the latest when this task is over: not every call is followed by a resume.
      if (calls.push([name, args, staged]) === 1) queueMicrotask(send)
      staged = undefined
    }
  exports.flumedb_stage = (size: number): Pointer => {
    mem.buffer = staged = new ArrayBuffer(STAGED + size)
    return STAGED
  }
  const send = () => {
    if (!calls.length) return
    worker.postMessage(calls, calls.flatMap(([, , staged]) => staged ?? []))
    calls = []
  }
  const engine = new Engine(exports as Exports, { exited: false, _resume: send }, () => worker.terminate(), 0)
  const imports = makeImports(() => engine)
  worker.onmessage = ({ data }: MessageEvent<SentEvent[]>) => {
    for (const [name, args, bytes] of data) {
      if (name === 'crashed') return engine.crash(new TextDecoder().decode(bytes))
      if (bytes) mem.buffer = bytes
      imports[name](...args)
    }
  }
  return engine
}
