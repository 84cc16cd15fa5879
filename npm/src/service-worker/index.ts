import { FlumeError } from '../errors.js'
import { joinOthers } from '../other-contexts.js'
import { askForWay, giveWay } from './give-way.js'
import { type HttpModule, startModule } from './module.js'

/** A view that the module is to run: what `docs/views.md` says of it, as JSON. */
export interface ServedView {
  kind: 'reduce' | 'level' | 'links' | 'hashtable' | 'bloom' | 'search' | 'query'
  /** Another version has the view built anew. */
  version: number | string
  options?: unknown
}

/** What `serve` serves. */
export interface ServeOptions {
  /** The log's name, as in `Log(name)`. Pages and workers may have it open too. */
  name: string
  /** Under which path of this origin; `/db/` by default. */
  prefix?: string
  /** `'strict'` has each append on the disk before it is answered; by default it has reached the operating system. */
  durability?: 'relaxed' | 'strict'
  /** Views by their names. */
  views?: Record<string, ServedView>
  /** Where the module is. By default it is the file beside this one. */
  wasm?: string | URL
}

/** What `serve` answers. */
export interface Serving {
  /** Answers a request whose URL is under the prefix, for those who have a `fetch` listener of their own. */
  fetch(request: Request): Promise<Response>
  /** How many requests are being answered, and what memory the module has. */
  stats(): Promise<{ open: number; memory: number }>
}

declare const __BUILD__: string

interface WorkerEvent extends Event {
  waitUntil(promise: Promise<unknown>): void
}

interface FetchEvent extends WorkerEvent {
  request: Request
  respondWith(response: Promise<Response>): void
}

interface WorkerScope {
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void
  addEventListener(type: 'install' | 'activate', listener: (event: WorkerEvent) => void): void
}

const OPTIONS = ['name', 'prefix', 'durability', 'views', 'wasm']

/**
 * Answers the `fetch` events of this service worker whose URLs are under the prefix, from the log in IndexedDB, online or
 * not: see docs/http.md. Call it when the worker's script is first run, not later, since listeners have to be there then.
 *
 * The module is kept in the Cache API when the worker is installed, so that a worker that is started again needs no network.
 */
export function serve(options: ServeOptions): Serving {
  check(options)
  const { name, durability, views = {} } = options
  const prefix = new URL(options.prefix ?? '/db/', self.location.href)
  const wasm = new URL(options.wasm ?? new URL('./flumedb-http.wasm', import.meta.url), self.location.href)
  const settings = JSON.stringify({ name, strict: durability === 'strict', views })

  let running: Promise<HttpModule> | undefined
  const start = (): Promise<HttpModule> => {
    // The browser is to get to its databases while the module is compiled.
    if (!running) void indexedDB.databases?.().catch(() => {})
    running ??= startBeside(name, settings, () => load(wasm), () => (running = undefined))
    return running.catch(cause => {
      running = undefined
      throw cause
    })
  }
  const mark = giveWay(() => void running?.then(module => module.endStreams()).catch(() => {}))
  const answer = async (request: Request): Promise<Response> => {
    let module: HttpModule
    try {
      module = await start()
    } catch (cause) {
      return broken(cause)
    }
    const url = new URL(request.url)
    return module.fetch(request, '/' + url.pathname.slice(prefix.pathname.length) + url.search).then(mark, broken)
  }

  const install = async () => {
    await (await load(wasm)).body?.cancel()
    await askForWay()
  }

  const scope = self as unknown as WorkerScope
  scope.addEventListener('install', event => event.waitUntil(install()))
  scope.addEventListener('activate', event => event.waitUntil(dropOldModules()))
  scope.addEventListener('fetch', event => {
    if (event.request.url.startsWith(prefix.href)) event.respondWith(answer(event.request))
  })
  return {
    fetch: answer,
    stats: async () => (await start()).stats()
  }
}

/** Starts the module beside others that have the log open: each tells the others of what it has done. */
async function startBeside(name: string, settings: string, load: () => Promise<Response>, crashed: () => void): Promise<HttpModule> {
  const since = { value: -1 }
  let module: HttpModule | undefined // what is told before it is there is found when it opens the log
  const others = joinOthers(name, since, () => module?.refresh())
  const starting = startModule({
    settings,
    instantiate: async imports => (await WebAssembly.instantiateStreaming(load(), imports)).instance,
    moved(seq) {
      if (seq < 0) return others?.tellDeleted()
      since.value = seq // of a log that stands in the place of one that was deleted it is less
      others?.tell(seq)
    },
    crashed() {
      others?.close()
      crashed()
    }
  })
  module = await starting.catch(cause => {
    others?.close()
    throw cause
  })
  return module
}

const broken = (cause: unknown): Response => {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new Response(JSON.stringify({ title: 'Service Unavailable', status: 503, code: 'WASM', detail }), {
    status: 503,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', 'Retry-After': '1' }
  })
}

const CACHES = 'flumedb-wasm-http-'

/** The module, from the cache or the network; never one of another build. */
async function load(url: URL): Promise<Response> {
  const cache = await caches.open(CACHES + __BUILD__)
  const kept = await cache.match(url)
  if (kept) return kept
  const response = await fetch(url, { cache: 'no-cache' })
  if (!response.ok) throw new FlumeError('WASM', `${url}: ${response.status} ${response.statusText}`)
  await cache.put(url, response.clone())
  return response
}

async function dropOldModules(): Promise<void> {
  for (const key of await caches.keys()) if (key.startsWith(CACHES) && key !== CACHES + __BUILD__) await caches.delete(key)
}

function check(options: ServeOptions): void {
  const invalid = (message: string) => new FlumeError('INVALID_OPTION', message)
  for (const option of Object.keys(options))
    if (!OPTIONS.includes(option)) throw invalid(`unknown option "${option}", known are ${OPTIONS.join(', ')}`)
  const { name, prefix = '/', durability = 'relaxed' } = options
  if (typeof name !== 'string' || !name) throw invalid('a log needs a name')
  if (!prefix.endsWith('/')) throw invalid(`prefix must end in /, not ${prefix}`)
  if (durability !== 'relaxed' && durability !== 'strict') throw invalid(`durability must be 'relaxed' or 'strict', not ${String(durability)}`)
}
