import { isUtf8 } from '#import-host'

/** A batch is full with so many bytes or records; a larger record is a batch alone. */
const BYTES = 1 << 20
const RECORDS = 1 << 14

const COMMA = 0x2c
const LINE_FEED = 0x0a

/** Records that are appended together, joined by a byte each, as a log of ours takes them. */
export class Batch {
  length = 0
  count = 0
  #run = new Uint8Array(BYTES + (1 << 16))
  #lengths = new Uint32Array(RECORDS)

  get full(): boolean {
    return this.length >= BYTES || this.count >= RECORDS
  }

  get run(): Uint8Array {
    return this.#run.subarray(0, this.length)
  }

  get lengths(): Uint32Array {
    return this.#lengths.subarray(0, this.count)
  }

  clear(): void {
    this.length = this.count = 0
  }

  add(bytes: Uint8Array, from: number, to: number): void {
    const size = to - from
    let at = this.#begin(size)
    // Calling set costs more than so many steps of a loop.
    if (size < 48) while (from < to) this.#run[at++] = bytes[from++]
    else this.#run.set(bytes.subarray(from, to), at)
  }

  addText(text: string): void {
    const bytes = new TextEncoder().encode(text)
    this.add(bytes, 0, bytes.length)
  }

  /** Makes sure that the records, which are JSON texts, are UTF-8 and of one line each. */
  tidy(): void {
    const { run, lengths } = this
    if (run.indexOf(LINE_FEED) < 0 && isUtf8(run)) return
    const records = run.slice()
    const sizes = lengths.slice()
    const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
    this.clear()
    let from = 0
    for (const size of sizes) {
      // What is no UTF-8 was read as U+FFFD by everyone who read it. Line feeds can stand between tokens only.
      this.addText(utf8.decode(records.subarray(from, from + size)).replace(/[\n\r]\s*/g, ''))
      from += size + 1
    }
  }

  /** Makes room for another record, and answers where in the run. */
  #begin(size: number): number {
    const at = this.count ? this.length + 1 : 0
    if (at + size > this.#run.length) {
      const more = new Uint8Array(Math.max(2 * this.#run.length, at + size))
      more.set(this.run)
      this.#run = more
    }
    if (at) this.#run[at - 1] = COMMA
    this.#lengths[this.count++] = size
    this.length = at + size
    return at
  }
}
