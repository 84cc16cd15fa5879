import { createGo } from '#wasm-exec'
import { makeScope } from '../src/service-worker/scope.js'
import type { Environment } from './environment.js'

/** What becomes of a request: core/gate's Verdict. */
export interface Verdict {
  log: string
  path: string
  status: number
  body: string
  header: string[]
}

export interface Gate {
  decide(method: string, path: string, headers: Headers): Verdict
}

/** Starts an instance of the module that decides on requests. It is ready when this returns. */
export function startGate(wasm: WebAssembly.Module, env: Environment): Gate {
  const origins = (env.ORIGINS ?? '').split(',').map(origin => origin.trim()).filter(origin => origin)
  // A deployment that was not given a token lets nobody in.
  const token = env.TOKEN || crypto.randomUUID() + crypto.randomUUID()
  const binding = { gate: JSON.stringify({ token, origins }) } as unknown as Gate
  const go = createGo(makeScope({ context: { binding } }))
  const imports = { ...go.importObject, workers: { ready() {} } } as unknown as WebAssembly.Imports
  void go.run(new WebAssembly.Instance(wasm, imports))
  return binding
}
