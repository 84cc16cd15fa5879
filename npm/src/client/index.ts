import { type ErrorCode, FlumeError } from '../errors.js'

/** How a client reaches its database. */
export interface ConnectOptions {
  /** For how many milliseconds a request that was not answered, or with 503, is made again; 30,000 by default. */
  retry?: number
  /** By which requests are made; the page's `fetch` by default. */
  fetch?: typeof fetch
}

export interface CallOptions {
  /** Ends the call with an error of code `ABORTED`. An append may be there all the same. */
  signal?: AbortSignal
}

export interface ReadOptions extends CallOptions {
  gt?: number
  gte?: number
  lt?: number
  lte?: number
  /** Newest first. Not with `live`. */
  reverse?: boolean
  /** At most so many; 0 or less, the default, for all. */
  limit?: number
  /** Go on with records to come. */
  live?: boolean
  /** `false` for those to come only. */
  old?: boolean
}

export interface Item<T> {
  seq: number
  value: T
}

/** A database that is elsewhere. */
export interface Client<T = unknown> {
  /**
   * Appends a value, or each of an array, all or none; answers the newest one's seq when they are durable. It is made again
   * until it is answered, under one `Idempotency-Key`, and is there once. The error is `UNCERTAIN` where it was not answered
   * in time.
   */
  append(values: T | T[], options?: CallOptions): Promise<number>
  /** One record. `NOT_FOUND`, `DELETED`. */
  get(seq: number, options?: CallOptions): Promise<T>
  del(seqs: number | number[], options?: CallOptions): Promise<void>
  /** The newest seq, -1 while the log is empty. */
  since(options?: CallOptions): Promise<number>
  stats(options?: CallOptions): Promise<{ records: number; deleted: number; segments: number; bytes: number; viewBytes: number }>
  /**
   * Records in order. Where the connection is lost, or the worker behind it is replaced, it goes on behind the last one: none
   * is missed, none comes twice.
   */
  stream(options?: ReadOptions): AsyncIterableIterator<Item<T>>
  /** What a view answers, by the arguments of docs/http.md. */
  view(name: string): {
    call<R = unknown>(method: string, args?: unknown[], options?: CallOptions): Promise<R>
  }
}

const PROBLEM = 'application/problem+json'

/** A client of the database that is served under `url`, as `flumedb-wasm/service-worker` and core/httpapi do: docs/http.md. */
export function connect<T = unknown>(url: string | URL = '/db/', { retry = 30_000, fetch: make = fetch.bind(globalThis) }: ConnectOptions = {}): Client<T> {
  const base = new URL(url, globalThis.location?.href)
  if (!base.pathname.endsWith('/')) throw new FlumeError('INVALID_OPTION', `the URL of a database must end in /, not ${base.href}`)

  let paused = 0 // until then, for a newer worker to take over

  // Makes a request until it is answered, and the answer is read.
  async function ask<R>(path: string, init: RequestInit, read: (response: Response) => R | Promise<R>, signal?: AbortSignal): Promise<R> {
    const until = performance.now() + retry
    for (let wait = 25; ; wait = Math.min(2 * wait, 2000)) {
      let failure: FlumeError
      while (performance.now() < paused) await sleep(paused - performance.now(), signal)
      try {
        const response = await make(new URL(path, base), { ...init, signal })
        const pause = Number(response.headers.get('Flumedb-Pause'))
        if (pause) paused = performance.now() + pause
        if (response.ok) return await read(response)
        failure = await problem(response)
        if (response.status !== 503) throw failure
      } catch (cause) {
        if (signal?.aborted) throw aborted(signal)
        if (cause instanceof FlumeError) throw cause
        const writes = path === 'records' || init.method === 'DELETE'
        failure = new FlumeError(writes ? 'UNCERTAIN' : 'TIMEOUT', `${init.method ?? 'GET'} ${path} was not answered`, { cause })
      }
      const pause = wait * (0.5 + Math.random())
      if (performance.now() + pause > until) throw failure
      await sleep(pause, signal)
    }
  }
  const json = async <R>(path: string, init: RequestInit, { signal }: CallOptions = {}): Promise<R> => ask(path, init, response => response.json() as Promise<R>, signal)
  const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...headers }
  })

  async function* stream({ signal, ...options }: ReadOptions = {}): AsyncGenerator<Item<T>, void, undefined> {
    const { reverse, live } = options
    let left = options.limit && options.limit > 0 ? options.limit : Infinity
    let at = { ...options }
    if (options.old === false) {
      // So that what comes while there is no connection is not taken for old.
      const gt = (await json<{ since: number }>('since', {}, { signal })).since
      at = { ...at, old: undefined, live: true, gt: Math.max(gt, options.gt ?? -1) }
    }
    for (;;) {
      const query = new URLSearchParams()
      for (const [name, value] of Object.entries({ ...at, limit: left === Infinity ? undefined : left })) if (value !== undefined) query.set(name, String(value))
      const leave = new AbortController()
      const stop = () => leave.abort()
      signal?.addEventListener('abort', stop)
      try {
        if (signal?.aborted) throw aborted(signal)
        const body = await ask(`records?${query}`, {}, response => response.body!, leave.signal)
        for await (const item of lines<Item<T>>(body)) {
          at = reverse ? { ...at, lt: item.seq, lte: undefined } : { ...at, gt: item.seq, gte: undefined }
          yield item
          if (--left === 0) return
        }
        const over = reverse ? false : (at.lt ?? Infinity) - 1 <= (at.gt ?? -1) || (at.lte ?? Infinity) <= (at.gt ?? -1)
        if (!live && options.old !== false) return
        if (over) return
        paused = Math.max(paused, performance.now() + 400) // it is ended for a newer worker, say
      } catch (cause) {
        if (signal?.aborted) throw aborted(signal)
        if (cause instanceof FlumeError) throw cause
        if (cause instanceof SyntaxError) throw new FlumeError('STORE', `${base.href} answers what is no NDJSON`, { cause })
      } finally {
        signal?.removeEventListener('abort', stop)
        leave.abort()
      }
      await sleep(50, signal)
    }
  }

  return {
    async append(values, options) {
      const all = Array.isArray(values) ? values : [values]
      const body = `[${all.map(encode).join()}]`
      if (all.length === 0) return (await json<{ since: number }>('since', {}, options)).since
      return (await json<{ seq: number }>('records', post(body, { 'Idempotency-Key': crypto.randomUUID() }), options)).seq
    },
    get: (seq, options) => json(`records/${seq}`, {}, options),
    del: async (seqs, { signal } = {}) => ask(`records?seqs=${[seqs].flat().join()}`, { method: 'DELETE' }, () => undefined, signal),
    since: async options => (await json<{ since: number }>('since', {}, options)).since,
    stats: options => json('stats', {}, options),
    stream,
    view: name => ({
      call: (method, args = [], options) => json(`views/${encodeURIComponent(name)}/${encodeURIComponent(method)}`, post(args), options)
    })
  }
}

async function problem(response: Response): Promise<FlumeError> {
  if (response.headers.get('content-type') !== PROBLEM) return new FlumeError('STORE', `${response.url}: ${response.status} ${response.statusText}`)
  const { code, detail, seq, last, segment, view } = await response.json()
  return new FlumeError(code as ErrorCode, detail, { seq, last, segment, view })
}

/** A value as JSON, or `INVALID_RECORD`. */
function encode(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new FlumeError('INVALID_RECORD', `JSON cannot hold this value: ${(cause as Error).message}`, { cause })
  }
  if (text === undefined) throw new FlumeError('INVALID_RECORD', `JSON cannot hold ${typeof value}`)
  return text
}

/** The values of NDJSON. A body that breaks off fails, and so does one that ends within a line. */
async function* lines<R>(body: ReadableStream<Uint8Array>): AsyncGenerator<R> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    const parts = (rest + decoder.decode(value, { stream: true })).split('\n')
    rest = parts.pop()!
    for (const line of parts) if (line) yield JSON.parse(line)
  }
  if (rest) throw new TypeError('the answer ends within a line')
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer)
      reject(aborted(signal!))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}

const aborted = (signal: AbortSignal) => new FlumeError('ABORTED', 'the call was aborted by its signal', { cause: signal.reason })
