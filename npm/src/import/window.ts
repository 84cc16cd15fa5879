import { FlumeError } from '#main'
import { type Bytes } from './bytes.js'
import { type Stop } from './stop.js'

/** How much is read at a time, where the source has that much at hand. */
const STEP = 1 << 20

/** How many bytes stay readable behind those that have been consumed. */
export const HISTORY = 4096

/**
 * The part of a source that is being looked at. It is as large as the step and the largest record, however long the
 * source is.
 */
export class Window {
  buffer = new Uint8Array(HISTORY + STEP)
  /** In `buffer`: the next byte to consume. */
  at = 0
  /** In `buffer`: behind the last byte there is. */
  end = 0
  /** Whether nothing comes behind that. */
  ended = false
  #base = 0 // the position of buffer[0] in the source
  readonly #bytes: Bytes
  readonly #stop: Stop

  constructor(bytes: Bytes, stop: Stop) {
    this.#bytes = bytes
    this.#stop = stop
  }

  /** Where in the source `at` is. */
  get position(): number {
    return this.#base + this.at
  }

  /** How long the source is, where that is known. */
  get size(): number | undefined {
    return this.ended ? this.#base + this.end : this.#bytes.size
  }

  /** Whether the source may hold so many more bytes. */
  mayHave(bytes: number): boolean {
    const { size } = this
    return size === undefined || this.position + bytes <= size
  }

  /** Reads until there are so many bytes to consume, or no more come. */
  async fill(bytes: number): Promise<void> {
    while (this.end - this.at < bytes && !this.ended) {
      this.#makeRoom(bytes)
      const read = await this.#stop.race(() => this.#read())
      this.end += read
      if (!read || this.#base + this.end === this.#bytes.size) this.ended = true
    }
  }

  /** Goes forward to a position, as far as the source goes, with what stands before it in the history. */
  async goTo(position: number): Promise<void> {
    const from = Math.max(position - HISTORY, 0)
    if (this.#bytes.seek && from > this.#base + this.end) {
      this.#bytes.seek(from)
      this.#base = from
      this.at = this.end = 0
      this.ended = false
    }
    while (this.position < position) {
      await this.fill(1)
      if (this.at === this.end) return
      this.at += Math.min(position - this.position, this.end - this.at)
    }
  }

  /** Consumes the rest of the source, and answers how much that was. */
  async drain(): Promise<number> {
    const from = this.position
    do {
      this.at = this.end
      await this.fill(1)
    } while (this.at < this.end)
    return this.position - from
  }

  async #read(): Promise<number> {
    try {
      return await this.#bytes.read(this.buffer.subarray(this.end))
    } catch (cause) {
      if (cause instanceof FlumeError) throw cause
      const position = this.#base + this.end
      throw new FlumeError('SOURCE', `reading the source at byte ${position}: ${(cause as Error)?.message ?? cause}`, { cause, position })
    }
  }

  /** Makes room for so many bytes from `at` on, and for a good step if any has to be made. */
  #makeRoom(bytes: number): void {
    const old = this.buffer
    if (this.end < old.length && this.at + bytes <= old.length) return
    const from = Math.max(this.at - HISTORY, 0)
    const needed = this.at - from + bytes
    if (needed > old.length) this.buffer = new Uint8Array(Math.max(needed, 2 * old.length))
    this.buffer.set(old.subarray(from, this.end))
    this.#base += from
    this.at -= from
    this.end -= from
  }
}
