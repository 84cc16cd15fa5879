import { createGo } from '#wasm-exec'
import { FlumeError } from '../errors.js'
import { makeScope } from './scope.js'

/** The module as it runs: the other side of jsbridge/fetch. */
export interface HttpModule {
  /** Answers a request as if it were for that path. */
  fetch(request: Request, path: string): Promise<Response>
  stats(): { open: number; memory: number }
  /** Ends the live streams that are open, as if there were no more to come. */
  endStreams(): void
  /** Has it learn what others have done to the log. */
  refresh(): void
}

/** What the module stands on. */
export interface HttpHost {
  /** Compiled or fetched, as the host has it. */
  instantiate(imports: WebAssembly.Imports): WebAssembly.Instance | Promise<WebAssembly.Instance>
  /** What is served, as JSON, for jsbridge/database. */
  settings: string
  /** Hears through which seq there are records, and -1 where some were deleted. */
  moved?(since: number): void
  /** Hears that the module runs no more. */
  crashed(): void
  /** The storage of a Durable Object, for jsbridge/durablestore. */
  storage?: unknown
}

declare const __BUILD__: string

/** A request as Go takes it. */
interface Kept {
  url: string
  method: string
  headers: [string, string][]
  body: Uint8Array | undefined
}

/** By which both sides meet. The first part is ours, the second is Go's. */
interface Binding {
  settings: string
  storage: unknown
  take(id: number): Kept | undefined
  newBody(id: number): Body
  moved(since: number): void

  build: string
  handleRequest(request: unknown): Promise<Response>
  pulled(id: number): void
  gone(id: number): void
  open(): number
  refresh(): void
  endStreams(): void
}

interface Body {
  stream: ReadableStream<Uint8Array>
  write(piece: Uint8Array): void
  close(): void
  fail(message: string): void
}

/** Bodies of more than this are not taken in: the handler refuses them, by their length. */
const MAX_BODY = 64 << 20

const ID_HEADER = 'x-flumedb-request'

export async function startModule(host: HttpHost): Promise<HttpModule> {
  const kept = new Map<number, Kept>()
  let last = 0
  let dead: FlumeError | undefined

  const binding = {
    settings: host.settings,
    storage: host.storage,
    take(id: number) {
      const request = kept.get(id)
      kept.delete(id)
      return request
    },
    newBody: (id: number) => newBody(id, binding),
    moved: (seq: number) => host.moved?.(seq)
  } as Binding

  let ready!: () => void
  const started = new Promise<void>(resolve => (ready = resolve))
  const go = createGo(makeScope({ context: { binding }, tryCatch }))
  const imports = { ...go.importObject, workers: { ready } } as unknown as WebAssembly.Imports
  const instance = await host.instantiate(imports)
  const memory = instance.exports.mem as WebAssembly.Memory
  const ended = go.run(instance).then(
    () => 'it exited',
    (err: unknown) => String(err)
  )
  void ended.then(reason => {
    dead = new FlumeError('WASM', `the WebAssembly module has crashed: ${reason}`)
    host.crashed()
  })
  await Promise.race([
    started,
    ended.then(reason => {
      throw new FlumeError('WASM', `the WebAssembly module did not start: ${reason}`)
    })
  ])
  if (binding.build !== __BUILD__) throw new FlumeError('WASM', `the WebAssembly module is of build ${binding.build}, and this is ${__BUILD__}`)

  return {
    async fetch(request, path) {
      const id = ++last
      const url = new URL(path, 'http://localhost').href
      const headers = [...request.headers] as [string, string][]
      const body = await bodyOf(request)
      if (dead) throw dead
      if (request.signal.aborted) throw request.signal.reason
      kept.set(id, { url, method: request.method, headers, body })
      const abort = () => binding.gone(id)
      request.signal.addEventListener('abort', abort, { once: true })
      try {
        const handed = { url, method: request.method, headers: new Headers([[ID_HEADER, String(id)]]), body: null }
        return await Promise.race([binding.handleRequest(handed), ended.then(() => Promise.reject(dead))])
      } finally {
        kept.delete(id)
      }
    },
    refresh: () => binding.refresh?.(),
    endStreams: () => binding.endStreams?.(),
    stats: () => ({ open: binding.open(), memory: memory.buffer.byteLength })
  }
}

/** The bytes of a request's body; of one that is too large only so many that this is seen. */
async function bodyOf(request: Request): Promise<Uint8Array | undefined> {
  if (request.method === 'GET' || request.method === 'HEAD') return
  if (!request.body) return new Uint8Array(await request.arrayBuffer())
  const pieces: Uint8Array[] = []
  let size = 0
  const reader = request.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    pieces.push(value)
    size += value.length
    if (size > MAX_BODY) {
      await reader.cancel()
      break
    }
  }
  if (pieces.length === 1) return pieces[0]
  const bytes = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** A body that asks Go for a piece when there is room for one, and tells it when nobody reads any more. */
function newBody(id: number, binding: Binding): Body {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const stream = new ReadableStream<Uint8Array>(
    {
      start: it => void (controller = it),
      pull: () => binding.pulled(id),
      cancel() {
        controller = undefined
        binding.gone(id)
      }
    },
    { highWaterMark: 1 }
  )
  return {
    stream,
    write: piece => controller?.enqueue(piece),
    close: () => controller?.close(),
    fail: message => controller?.error(new TypeError(message))
  }
}

const tryCatch = (run: () => unknown): { result?: unknown; error?: unknown } => {
  try {
    return { result: run() }
  } catch (error) {
    return { error }
  }
}
