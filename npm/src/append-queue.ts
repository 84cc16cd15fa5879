import { type Callback } from './callback.js'
import { type Codec, encode, json } from './codec.js'
import { type Engine } from './engine.js'
import { call } from './errors.js'

/** How much encoded text is gathered before it crosses to Go: as much as V8 still joins in memory that it uses again. */
const CROSSING = 96 << 10

/** Appends that cross to Go together. */
class Crossing {
  lines: string[] = [] // JSON texts, none with a line feed
  parts: Uint8Array[] = [] // or the bytes of other codecs
  size = 0
  // Of each append. Three lists and no object, since with many appends under way it is these that the collector copies.
  counts: number[] = [] // how many records it has
  answers: (Callback<number> | ((seq: number) => void))[] = [] // its callback, or what resolves its promise
  rejects: (((err: Error) => void) | undefined)[] = [] // what rejects its promise
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

  /** Answers by a callback, or where there is none by the promise returned. Nothing of a batch with a bad value is taken. */
  append(value: unknown, cb?: Callback<number>): Promise<number> | undefined {
    let count = 1
    try {
      if (this.#failure) throw this.#failure
      if (!Array.isArray(value)) this.#add(encode(this.#codec, value))
      else {
        const encoded = value.map((item, i) => encode(this.#codec, item, i))
        count = encoded.length
        for (const item of encoded) this.#add(item)
      }
    } catch (err) {
      if (!cb) return Promise.reject(err)
      queueMicrotask(() => call(cb as any, err))
      return
    }
    // An empty batch answers the newest seq, when the appends before it have been answered.
    const before = !count && !this.#pending.answers.length ? this.#newest : undefined
    const promise = this.#expect(before ?? this.#pending, count, cb)
    if (this.#pending.size > CROSSING && this.#engine) this.#cross()
    this.#schedule()
    return promise
  }

  /**
   * Appends, as one batch, records that are encoded already: `run` is they joined by one byte each, of the lengths given.
   * Whoever calls vouches that the codec decodes them. The log must be open.
   */
  appendEncoded(run: Uint8Array, lengths: Uint32Array): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#pending.answers.length) this.#cross()
    const promise = this.#expect(this.#pending, lengths.length)!
    this.#send(this.#take(), lengths.length, id => {
      const engine = this.#engine!
      const at = engine.enter(exports => exports.flumedb_stage(4 * lengths.length + run.length))
      if (at) {
        const memory = engine.memory()
        memory.set(new Uint8Array(lengths.buffer, lengths.byteOffset, 4 * lengths.length), at)
        memory.set(run, at + 4 * lengths.length)
      }
      engine.enter(exports => exports.flumedb_append(this.#handle, id, lengths.length, run.length, 1))
    })
    this.#schedule()
    return promise
  }

  #expect(crossing: Crossing, count: number, cb?: Callback<number>): Promise<number> | undefined {
    crossing.counts.push(count)
    if (!cb) return new Promise((resolve, reject) => void (crossing.answers.push(resolve), crossing.rejects.push(reject)))
    crossing.answers.push(cb)
    crossing.rejects.push(undefined)
    return
  }

  /** Sends what waits now, for a log that is about to close. */
  flush(): void {
    if (!this.#engine || !this.#pending.answers.length) return
    this.#cross()
    this.#commit()
  }

  #add(encoded: string | Uint8Array): void {
    if (this.#codec === json) this.#pending.lines.push(encoded as string)
    else this.#pending.parts.push(typeof encoded === 'string' ? new TextEncoder().encode(encoded) : encoded.slice())
    this.#pending.size += encoded.length
  }

  #schedule(): void {
    if (this.#scheduled || !this.#engine) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (this.#pending.answers.length) this.#cross()
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
    const { lines, parts } = crossing
    const records = lines.length || parts.length
    if (!records) return engine.later(() => resolve(crossing, this.#since()))
    this.#send(crossing, records, id => {
      // A large batch crosses in parts, of which only the last has the request.
      for (let from = 0; from < records; ) {
        const to = endOfPart(lines.length ? lines : parts, from)
        const size = lines.length
          ? engine.stageText((to - from < records ? lines.slice(from, to) : lines).join('\n'))
          : stageParts(engine, parts.slice(from, to))
        const part = to < records ? 0 : id
        engine.enter(exports => exports.flumedb_append(this.#handle, part, to - from, size, lines.length ? 0 : 1))
        from = to
      }
    })
    crossing.lines = crossing.parts = []
  }

  /** Has `pass` hand over a crossing's records by the request it is given, and answers the appends when that is. */
  #send(crossing: Crossing, records: number, pass: (id: number) => void): void {
    this.#newest = crossing
    const settled = () => {
      if (this.#newest === crossing) this.#newest = undefined
    }
    const id = this.#engine!.add({
      settle: last => {
        settled()
        this.#appended(last)
        resolve(crossing, last - records)
      },
      fail: err => {
        settled()
        reject(crossing, err)
      }
    })
    pass(id)
  }

  #take(): Crossing {
    const crossing = this.#pending
    this.#pending = new Crossing()
    return crossing
  }
}

/** How far the records from one on make up a crossing. */
function endOfPart(records: ArrayLike<{ length: number }>, from: number): number {
  let size = 0
  let to = from
  while (to < records.length && size <= CROSSING) size += records[to++].length
  return to
}

/** Answers all appends, the first of which stands behind `seq`. */
function resolve({ counts, answers, rejects }: Crossing, seq: number): void {
  for (let i = 0; i < answers.length; i++) {
    seq += counts[i]
    if (rejects[i]) (answers[i] as (seq: number) => void)(seq)
    else call(answers[i] as Callback<number>, null, seq)
  }
}

function reject({ answers, rejects }: Crossing, err: Error): void {
  for (let i = 0; i < answers.length; i++) call(rejects[i] ?? (answers[i] as (err: Error) => void), err)
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
