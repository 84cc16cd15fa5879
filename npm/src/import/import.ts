import type { ImportFormat, ImportOptions, ImportResult, ImportSource, ImportTarget } from '../importer.js'
import { FlumeError } from '#main'
import { compactionOf } from '#import-host'
import { later, spent } from '../slice.js'
import { alone } from './alone.js'
import { type Bytes, openBytes } from './bytes.js'
import { type Form, detect, parserOf, widthOf } from './formats.js'
import { type Entry, HEAD, Ledger, TAIL, sum } from './ledger.js'
import { checkOptions, defaultCodec, isText } from './options.js'
import { BROKEN, END, type Parser, RECORD, SHORT, allZero } from './parser.js'
import { Progress } from './progress.js'
import { RecordCodec, type SourceCodec } from './record-codec.js'
import { holds } from './search.js'
import { BytesSink, type Sink, ValuesSink } from './sink.js'
import { Stop } from './stop.js'
import { Window } from './window.js'

export async function importInto(target: ImportTarget, source: ImportSource, options: ImportOptions): Promise<ImportResult> {
  checkOptions(options, target.bytes)
  const stop = new Stop()
  const leave = [stop.listen(options.signal), target.enlist(how => stop.now(how as Error))] // true ends only what is live
  try {
    await stop.race(() => new Promise<void>((resolve, reject) => target.loaded(err => (err ? reject(err) : resolve()))))
    return await alone(target, async () => {
      const bytes = await stop.race(() => open(source))
      try {
        return await new Import(target, bytes, options, stop).run()
      } finally {
        // One that has been left while it was busy may never be done.
        const closed = bytes.close().catch(() => {})
        if (!stop.error) await closed
      }
    })
  } finally {
    for (const off of leave) off()
  }
}

async function open(source: ImportSource): Promise<Bytes> {
  try {
    return await openBytes(source)
  } catch (cause) {
    if (cause instanceof FlumeError) throw cause
    throw new FlumeError('SOURCE', `opening the source: ${(cause as Error).message}`, { cause })
  }
}

/** What the ledger says of a codec that is a function. */
const OWN = 'own'

/**
 * One import. It reads the source into a batch, notes down in the ledger that this batch is to come, appends it, and reads
 * the next while that is under way. So when it is cut off anywhere, the ledger says which records are in the log for
 * certain, and which one batch may be.
 */
class Import {
  readonly #target: ImportTarget
  readonly #bytes: Bytes
  readonly #options: ImportOptions
  readonly #stop: Stop
  readonly #window: Window
  readonly #sink: Sink
  readonly #result: ImportResult
  #start = new Uint8Array() // of the source, by which it is known
  #ledger?: Ledger
  #entry!: Entry
  #parser!: Parser
  #codec!: RecordCodec
  #progress!: Progress
  #appending?: Promise<void>
  #end = 0 // behind the last record read, in the source
  #tail = { end: 0, sum: '' } // of the bytes before some end

  constructor(target: ImportTarget, bytes: Bytes, options: ImportOptions, stop: Stop) {
    this.#target = target
    this.#bytes = bytes
    this.#options = options
    this.#stop = stop
    this.#window = new Window(bytes, stop)
    this.#sink = target.bytes ? new BytesSink(target.bytes) : new ValuesSink(target.log)
    this.#result = { format: options.format, records: 0, skipped: 0, deleted: 0, bytes: 0 }
  }

  async run(): Promise<ImportResult> {
    const w = this.#window
    await w.fill(HEAD)
    if (w.at === w.end) return this.#result
    this.#start = w.buffer.slice(0, Math.min(HEAD, w.end))
    await this.#begin()
    try {
      await this.#resume()
      await this.#appendRest()
    } catch (err) {
      await this.#settle().catch(() => {})
      throw err
    }
    await this.#settle()
    this.#result.bytes = w.position
    this.#progress.tell(w.position)
    return this.#result
  }

  /** Finds out what the source is, and where to go on in it. */
  async #begin(): Promise<void> {
    const { format, blockSize, codec, resume } = this.#options
    const { bytes: log, log: { checkpoints, since } } = this.#target
    const w = this.#window
    let known: Entry[] = []
    if (log && checkpoints) {
      this.#ledger = await Ledger.load(checkpoints, resume === false)
      known = this.#ledger.find(this.#start)
      if (resume === false) {
        this.#ledger.forget(known)
        known = []
      }
    }
    const [entry] = known
    if (entry && format && format !== entry.format)
      throw new FlumeError('INVALID_OPTION', `the source was imported as ${entry.format} before, not as ${format}; resume: false imports it anew`)
    const form = entry ?? (await formOf(w, format, blockSize))
    this.#entry = entry ?? { ...form, position: 0, records: 0, end: 0, count: 0, seq: since.value!, head: '', tail: '' }
    if (isText(form.format) && codec && codec !== 'json')
      throw new FlumeError('INVALID_OPTION', `the source is ${form.format}, whose records have no codec`)
    if (entry?.codec === OWN && !codec)
      throw new FlumeError('INVALID_OPTION', 'the source was imported with a codec of your own before: give it again')
    this.#codec = new RecordCodec(codec ?? (entry?.codec as SourceCodec | undefined) ?? defaultCodec(form.format, log))
    if (form.format === 'async-append-only-log' && this.#bytes.path !== undefined && compactionOf(this.#bytes.path))
      throw new FlumeError(
        'SOURCE',
        'the source was being compacted when its writer died: open it with async-append-only-log once, which ends that',
        { position: 0 }
      )
    const { position } = this.#entry
    await w.goTo(position)
    this.#parser = parserOf(form, position > 0)
    this.#end = w.position
    this.#progress = new Progress(position, () => w.size, this.#options.onProgress)
    this.#result.format = form.format
    this.#result.skipped = this.#entry.records
  }

  /** Appends the batch that the ledger says was to come, unless the log has it. */
  async #resume(): Promise<void> {
    const entry = this.#entry
    if (!entry.end) return
    if (entry.end > entry.position) await this.#read(entry.end)
    this.#seal()
    if (this.#end !== entry.end || this.#sink.count !== entry.count || this.#tail.sum !== entry.tail)
      throw new FlumeError(
        'SOURCE',
        `the source has changed before byte ${entry.end}, since ${entry.records} records of it were imported; resume: false imports it anew`,
        { position: entry.position }
      )
    if (!entry.count) return
    this.#sink.finish()
    const { batch } = this.#sink as BytesSink
    if (await holds(this.#target.bytes!, entry.seq, batch, this.#stop)) {
      this.#result.skipped += entry.count
      this.#appended(entry.count, 0)
      batch.clear()
    } else this.#append()
  }

  async #appendRest(): Promise<void> {
    for (let over = false; !over; ) {
      let failure: unknown
      try {
        over = await this.#read()
      } catch (err) {
        // What stands before the damage is imported; but not when the import is to stop.
        if (this.#stop.error) throw err
        failure = err
      }
      await this.#appending
      if (this.#end > this.#entry.position) {
        await this.#note()
        this.#append()
      }
      if (failure) throw failure
      if (spent()) await new Promise<void>(later)
    }
  }

  /** Reads records until the batch is full, or through `limit`. Answers whether the source is over. */
  async #read(limit = Infinity): Promise<boolean> {
    const w = this.#window
    const parser = this.#parser
    for (;;) {
      if (w.position >= limit || (limit === Infinity && this.#sink.full)) return false
      const found = parser.next(w)
      if (found === RECORD) {
        const fault = this.#take(parser.from, parser.to)
        if (fault) return this.#damaged(fault)
        w.at += parser.size
        this.#end = w.position
      } else if (found === SHORT) {
        await w.fill(parser.size)
      } else {
        this.#seal()
        if (found === END) return true
        if (found === BROKEN) return this.#damaged(parser.reason)
        w.at += parser.size
      }
    }
  }

  /** Takes a record of the source, unless it is deleted; or answers why it is none. */
  #take(from: number, to: number): string | undefined {
    const { buffer } = this.#window
    if (!buffer[from] && allZero(buffer, from, to)) {
      this.#result.deleted++
      return
    }
    try {
      if (this.#parser.checked) return void this.#sink.addJson(buffer, from, to)
      this.#codec.codec ??= this.#codec.find(buffer, from, to)
      if (this.#codec.codec) return this.#codec.take(this.#sink, buffer, from, to)
    } catch (cause) {
      const { position } = this.#window
      const message = `the record at byte ${position} cannot be encoded: ${(cause as Error)?.message ?? cause}`
      throw new FlumeError('INVALID_RECORD', message, { cause, position })
    }
    throw new FlumeError('SOURCE', 'whether its records are JSON, bipf or something else is not certain: say their codec', {
      position: this.#window.position
    })
  }

  /** The source goes no further; answers so where a crash of its writer has left it like that, and throws else. */
  async #damaged(reason: string): Promise<true> {
    const w = this.#window
    this.#seal()
    const { position } = w
    if (!(await this.#parser.torn(w))) throw new FlumeError('SOURCE', `the record at byte ${position} is damaged: ${reason}`, { position })
    await w.drain()
    this.#result.torn = { position, bytes: w.position - position, reason }
    return true
  }

  /** Remembers what the bytes before the last record's end are, while the window has them. */
  #seal(): void {
    if (this.#tail.end === this.#end) return
    const { buffer, at } = this.#window
    this.#tail = { end: this.#end, sum: sum(buffer.subarray(at - Math.min(TAIL, this.#end), at)) }
  }

  /** Writes into the ledger that the batch is to come. */
  async #note(): Promise<void> {
    this.#seal()
    this.#sink.finish()
    const { codec } = this.#codec
    Object.assign(this.#entry, {
      ...(codec && { codec: typeof codec === 'string' ? codec : OWN }),
      end: this.#end,
      count: this.#sink.count,
      seq: this.#target.log.since.value!,
      // Once all of the head has been imported, it stays what it is.
      ...(this.#entry.end < HEAD && { head: sum(this.#start.subarray(0, Math.min(this.#end, HEAD))) }),
      tail: this.#tail.sum
    })
    if (this.#sink.count) await this.#ledger?.write(this.#entry)
  }

  /** Appends the batch; what comes of it shows when it is awaited. */
  #append(): void {
    const { count } = this.#sink
    if (!count) return this.#appended(0, 0)
    this.#appending = this.#sink.append().then(() => this.#appended(count, count))
    this.#appending.catch(() => {})
  }

  /** The records that were to come are in the log, so many of which this import has appended. */
  #appended(count: number, now: number): void {
    const entry = this.#entry
    entry.position = entry.end
    entry.records += count
    entry.count = 0
    this.#result.records += now
    this.#progress.add(now, entry.position)
  }

  /** Waits for the last append, and notes down that it is done. */
  async #settle(): Promise<void> {
    await this.#appending
    if (this.#entry.end) await this.#ledger?.write(this.#entry)
  }
}

/** The form of a source, at whose start the window is; what is given of it need not be found. */
async function formOf(w: Window, format: ImportFormat | undefined, blockSize: number | undefined): Promise<Form> {
  if (!format) return detect(w, blockSize)
  if (format === 'flumelog-offset') return { format, width: await widthOf(w) }
  return { format, ...(blockSize && { blockSize }) }
}
