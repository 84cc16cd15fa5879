import { type Callback } from './callback.js'
import { type Codec, encode, json } from './codec.js'
import { type Engine } from './engine.js'
import { call } from './errors.js'

/** How much encoded text is gathered before it crosses to Go. */
const CROSSING = 256 << 10

/** Appends that cross to Go together. */
class Crossing {
  lines: string[] = [] // JSON texts, none with a line feed
  parts: Uint8Array[] = [] // or the bytes of other codecs
  size = 0
  counts: number[] = [] // how many records each append has
  callbacks: Callback<number>[] = []
}

/**
 * Appends on their way to Go. Values are encoded when they are appended, so changing one afterwards changes nothing, and
 * those appended in the same task cross together and are committed together.
 */
export class AppendQueue {
  #engine?: Engine
  #handle = 0
  #pending = new Crossing()
  #newest?: Crossing // that has crossed and is not yet answered
  #scheduled = false
  #failure?: Error
  readonly #codec: Codec<any>
  readonly #since: () => number
  readonly #appended: (seq: number) => void

  /** `appended` hears the newest seq of each crossing's records once they are durable. */
  constructor(codec: Codec<any>, since: () => number, appended: (seq: number) => void) {
    this.#codec = codec
    this.#since = since
    this.#appended = appended
  }

  /** From now on there is a log to append to. */
  open(engine: Engine, handle: number): void {
    this.#engine = engine
    this.#handle = handle
    this.#schedule()
  }

  /** What waits, and all that will come, fails. */
  fail(err: Error): void {
    this.#failure = err
    reject(this.#take(), err)
  }

  /** Throws what refuses a value, and then has taken nothing of the batch. */
  append(value: unknown, cb: Callback<number>): void {
    if (this.#failure) return queueMicrotask(() => call(cb as any, this.#failure))
    if (!Array.isArray(value)) this.#add(encode(this.#codec, value, 'the value'))
    else {
      const encoded = value.map((item, i) => encode(this.#codec, item, `value ${i} of the batch`))
      if (!encoded.length) return this.#appendNothing(cb)
      for (const item of encoded) this.#add(item)
    }
    const pending = this.#pending
    pending.counts.push(Array.isArray(value) ? value.length : 1)
    pending.callbacks.push(cb)
    if (pending.size > CROSSING && this.#engine) this.#cross()
    this.#schedule()
  }

  /** Sends what waits now, for a log that is about to close. */
  flush(): void {
    if (!this.#engine || !this.#pending.callbacks.length) return
    this.#cross()
    this.#commit()
  }

  #add(encoded: string | Uint8Array): void {
    if (this.#codec === json) this.#pending.lines.push(encoded as string)
    else this.#pending.parts.push(typeof encoded === 'string' ? new TextEncoder().encode(encoded) : encoded.slice())
    this.#pending.size += encoded.length
  }

  /** An empty batch answers the newest seq, when the appends before it have been answered. */
  #appendNothing(cb: Callback<number>): void {
    const before = this.#pending.callbacks.length || !this.#engine ? this.#pending : this.#newest
    if (!before) return queueMicrotask(() => call(cb, null, this.#since()))
    before.counts.push(0)
    before.callbacks.push(cb)
  }

  #schedule(): void {
    if (this.#scheduled || !this.#engine) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (this.#pending.callbacks.length) this.#cross()
      this.#commit()
    })
  }

  #commit(): void {
    this.#engine!.enter(exports => exports.flumedb_commit(this.#handle))
    this.#engine!.resume()
  }

  #cross(): void {
    const engine = this.#engine!
    const crossing = this.#take()
    const { lines, parts, counts, callbacks } = crossing
    const records = lines.length || parts.length
    if (!records) return callbacks.forEach(cb => call(cb, null, this.#since()))
    this.#newest = crossing
    const settled = () => {
      if (this.#newest === crossing) this.#newest = undefined
    }
    const id = engine.add({
      settle: last => {
        settled()
        this.#appended(last)
        let seq = last - records
        for (let i = 0; i < callbacks.length; i++) {
          seq += counts[i]
          call(callbacks[i], null, seq)
        }
      },
      fail: err => {
        settled()
        reject(crossing, err)
      }
    })
    const size = lines.length ? engine.stageText(lines.join('\n')) : stageParts(engine, parts)
    engine.enter(exports => exports.flumedb_append(this.#handle, id, records, size, lines.length ? 0 : 1))
    crossing.lines = crossing.parts = []
  }

  #take(): Crossing {
    const crossing = this.#pending
    this.#pending = new Crossing()
    return crossing
  }
}

function reject({ callbacks }: Crossing, err: Error): void {
  for (const cb of callbacks) call(cb as (err: Error) => void, err)
}

/** The lengths, then the records with a byte between them. Gives the size of those. */
function stageParts(engine: Engine, parts: Uint8Array[]): number {
  const size = parts.reduce((sum, part) => sum + part.length + 1, -1)
  const at = engine.enter(exports => exports.flumedb_stage(4 * parts.length + size))
  if (!at) return 0
  const memory = engine.memory()
  new Uint32Array(memory.buffer, at, parts.length).set(parts.map(part => part.length))
  let to = at + 4 * parts.length
  for (const part of parts) {
    memory.set(part, to)
    to += part.length + 1
  }
  return size
}
