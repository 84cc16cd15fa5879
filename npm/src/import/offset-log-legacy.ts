// Files of flumelog-offset before version 3. Numbers are big-endian.
//
//    0        4           4+n
//   +--------+-----------+--------+
//   | n      | record    | n      |
//   +--------+-----------+--------+

import { END, type Found, MAX_RECORD, Parser, restIsZero, uint32 } from './parser.js'
import { type Window } from './window.js'

const CUT = 'the source ends before it does'

export class LegacyOffsetLog extends Parser {
  override next(w: Window): Found {
    const have = w.end - w.at
    if (!have && w.ended) return END
    if (have < 4) return this.#cut(w, 4)
    const n = uint32(w.buffer, w.at)
    if (!n) return this.broken('its length is 0')
    if (n > MAX_RECORD) return this.broken(`its length is ${n} bytes`)
    if (have < n + 8) return this.#cut(w, n + 8)
    const after = w.at + 4 + n
    if (uint32(w.buffer, after) !== n) return this.broken(`its length is ${n} before it and ${uint32(w.buffer, after)} behind it`)
    return this.record(w.at + 4, after, n + 8)
  }

  #cut(w: Window, size: number): Found {
    return !w.ended && w.mayHave(size) ? this.short(size) : this.broken(CUT)
  }

  /** The last append, of which only a part was written, or only zeros were. */
  override async torn(w: Window): Promise<boolean> {
    return this.reason === CUT || restIsZero(w)
  }
}
