// Files of flumelog-offset from version 3 on. All numbers are big-endian; end is where the record ends in the file, in 4,
// 6 or 8 bytes.
//
//    0        4           4+n      8+n
//   +--------+-----------+--------+-----------+
//   | n      | record    | n      | end       |
//   +--------+-----------+--------+-----------+

import { END, type Found, MAX_RECORD, Parser, uint32 } from './parser.js'
import { type Window } from './window.js'

/** How many bytes an end has, by how many bits the log was told to use. */
export const WIDTHS = [4, 6, 8]

export class OffsetLog extends Parser {
  readonly width: number

  constructor(width: number) {
    super()
    this.width = width
  }

  override next(w: Window): Found {
    const have = w.end - w.at
    if (!have && w.ended) return END
    if (have < 4) return this.#cut(w, 4)
    const n = uint32(w.buffer, w.at)
    const size = n + 8 + this.width
    if (n > MAX_RECORD) return this.broken(`its length is ${n} bytes`)
    if (have < size) return this.#cut(w, size)
    const after = w.at + 4 + n
    if (uint32(w.buffer, after) !== n) return this.broken(`its length is ${n} before it and ${uint32(w.buffer, after)} behind it`)
    const end = this.end(w.buffer, after + 4 + this.width)
    if (end !== w.position + size) return this.broken(`it says that it ends at byte ${end}, and ends at ${w.position + size}`)
    return this.record(w.at + 4, after, size)
  }

  #cut(w: Window, size: number): Found {
    return !w.ended && w.mayHave(size) ? this.short(size) : this.broken('the source ends before it does')
  }

  /** The number that says where a record ends, which itself ends at `at`. */
  end(b: Uint8Array, at: number): number {
    const low = uint32(b, at - 4)
    return this.width === 4 ? low : uint32(b, at - this.width) * (this.width === 8 ? 2 ** 32 : 2 ** 16) + (this.width === 8 ? low : low & 0xffff)
  }

  /** The package looks, from the file's end back, for a place that says that a record ends there, and keeps what is before. */
  override async torn(w: Window): Promise<boolean> {
    for (;;) {
      for (; w.at < w.end; w.at++) {
        const place = w.position + 1
        if (w.buffer[w.at] === (place & 0xff) && place >= this.width && this.end(w.buffer, w.at + 1) === place) return false
      }
      await w.fill(1)
      if (w.at === w.end) return true
    }
  }
}
