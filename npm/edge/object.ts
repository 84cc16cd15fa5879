import { DurableObject } from 'cloudflare:workers'
import { type HttpModule, startModule } from '../src/service-worker/module.js'
import { readBody } from './body.js'
import type { Environment } from './environment.js'
import wasm from './flumedb-edge.wasm'
import { problem } from './problem.js'
import { durableStorage } from './storage.mjs'

/** Holds one log: one Go instance answers all its requests, for as long as the object is in memory. */
export class FlumeLog extends DurableObject<Environment> {
  #running: Promise<HttpModule> | undefined

  override async fetch(request: Request): Promise<Response> {
    try {
      const module = await this.#start()
      const taken = await readBody(request)
      if (taken instanceof Response) return taken
      const { pathname, search } = new URL(request.url)
      return await module.fetch(taken, pathname + search)
    } catch (cause) {
      return problem(503, 'WASM', cause instanceof Error ? cause.message : String(cause), 1)
    }
  }

  #start(): Promise<HttpModule> {
    this.#running ??= startModule({
      settings: JSON.stringify({ name: 'log', views: this.env.VIEWS ?? {} }),
      instantiate: imports => new WebAssembly.Instance(wasm, imports),
      storage: durableStorage(this.ctx.storage),
      crashed: () => (this.#running = undefined)
    }).catch(cause => {
      this.#running = undefined
      throw cause
    })
    return this.#running
  }
}
