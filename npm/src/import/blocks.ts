import { END, type Found, Parser, allZero, uint16 } from './parser.js'
import { type Window } from './window.js'

export const BLOCK_SIZE = 65536

const CUT = 'the source ends before it does'

/** A file of blocks, of which no record crosses an end. */
export abstract class Blocks extends Parser {
  readonly blockSize: number

  constructor(blockSize = BLOCK_SIZE) {
    super()
    this.blockSize = blockSize
  }

  override next(w: Window): Found {
    const offset = w.position % this.blockSize
    const left = this.blockSize - offset
    const have = Math.min(left, w.end - w.at)
    if (have < left && !w.ended) return this.short(left)
    // From here on, what the window does not hold of the block is not there.
    return have ? this.within(w, offset, have) : END
  }

  /** What stands at `offset` in the block, of which `have` bytes are left. */
  protected abstract within(w: Window, offset: number, have: number): Found

  protected cut(w: Window, offset: number): Found {
    const fits = w.position + this.blockSize - offset > (w.size ?? Infinity)
    return this.broken(fits ? CUT : 'it goes beyond the end of its block')
  }

  /** Whether no other block follows. */
  protected async isLast(w: Window): Promise<boolean> {
    const left = this.blockSize - (w.position % this.blockSize)
    await w.fill(left + 1)
    return w.end - w.at <= left
  }
}

// A block of flumelog-aligned-offset. Numbers are little-endian.
//
//    0      2          2+n                           block-4
//   +------+----------+------+- - -+-----------+-----+----------------+
//   | n    | record   | n    |     | block - 1 | 0…  | where that is  |
//   +------+----------+------+- - -+-----------+-----+----------------+
//
// The newest block ends behind its newest record, or, once a record of it has been deleted, in zeros.
export class AlignedLog extends Blocks {
  protected override within(w: Window, offset: number, have: number): Found {
    const { buffer: b, at } = w
    if (have < 2) return this.cut(w, offset)
    const n = uint16(b, at)
    if (n === this.blockSize - 1) return this.gap(have)
    if (!n) return allZero(b, at, at + have) ? this.gap(have) : this.broken('its length is 0')
    if (n + 4 > have) return this.cut(w, offset)
    if (uint16(b, at + 2 + n) !== n) return this.broken(`its length is ${n} before it and ${uint16(b, at + 2 + n)} behind it`)
    return this.record(at + 2, at + 2 + n, n + 4)
  }

  override async torn(): Promise<boolean> {
    return this.reason === CUT
  }
}

// A block of async-append-only-log. Numbers are little-endian.
//
//    0      2
//   +------+----------+- - -+-----+
//   | n    | record   |     | 0…  |
//   +------+----------+- - -+-----+
export class BlockLog extends Blocks {
  protected override within(w: Window, offset: number, have: number): Found {
    const { buffer: b, at } = w
    if (have < 2) return allZero(b, at, at + have) ? this.gap(have) : this.cut(w, offset)
    const n = uint16(b, at)
    if (!n) return allZero(b, at, at + have) ? this.gap(have) : this.broken('its length is 0')
    if (n + 2 > have) return this.cut(w, offset)
    return this.record(at + 2, at + 2 + n, n + 2)
  }

  /**
   * The package takes what is damaged in the newest block, and all behind it, for a write that a crash cut off. Not so the
   * very first record: it is rather that the file is another, or of another codec.
   */
  override async torn(w: Window): Promise<boolean> {
    return w.position > 0 && this.isLast(w)
  }
}
