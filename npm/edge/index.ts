// The entry for Cloudflare: a Worker that lets requests through to the Durable Objects that hold the logs. docs/edge.md.

import wasm from './flumedb-edge.wasm'
import { type Gate, startGate } from './gate.js'
import type { Environment } from './environment.js'

export { FlumeLog } from './object.js'

/** Of this isolate: it decides at once, and so may serve all requests. */
let gate: Gate | undefined

export default {
  async fetch(request: Request, env: Environment): Promise<Response> {
    gate ??= startGate(wasm, env)
    const { pathname, search } = new URL(request.url)
    const { log, path, status, body, header } = gate.decide(request.method, pathname, request.headers)
    if (!log) return answer(body || null, { status }, header)
    const object = env.LOGS.get(env.LOGS.idFromName(log))
    const response = await object.fetch(new Request(new URL(path + search, 'http://log'), request))
    return answer(response.body, response, header)
  }
}

/** An answer with more headers, which are name and value in turn. */
function answer(body: BodyInit | null, { status, headers }: { status: number; headers?: Headers }, more: string[]): Response {
  const all = new Headers(headers)
  for (let i = 0; i < more.length; i += 2) all.append(more[i]!, more[i + 1]!)
  return new Response(body, { status, headers: all })
}
