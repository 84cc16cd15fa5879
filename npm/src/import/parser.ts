import { type Window } from './window.js'

/** A whole record: its bytes are `from` to `to` in the window's buffer, and `size` is with all around it. */
export const RECORD = 0
/** `size` bytes that are no record. */
export const GAP = 1
/** What stands here may be whole once the window holds `size` bytes. */
export const SHORT = 2
/** The source is over, behind a whole record. */
export const END = 3
/** What stands here can be no whole record, for the `reason`. */
export const BROKEN = 4

export type Found = typeof RECORD | typeof GAP | typeof SHORT | typeof END | typeof BROKEN

/** Cuts a source into records. It may begin behind any record of it. */
export abstract class Parser {
  from = 0
  to = 0
  size = 0
  reason = ''
  /** Whether the records of this format are JSON, and `next` has made sure of it. */
  readonly checked: boolean = false

  /** Looks at what stands at the window's `at`, and consumes nothing. */
  abstract next(w: Window): Found

  /**
   * Whether what stands at the window's `at`, which is broken, is how a crash of the source's writer leaves it, so that
   * the format's own package would leave it out. May consume all the window.
   */
  async torn(_w: Window): Promise<boolean> {
    return false
  }

  protected short(size: number): Found {
    this.size = size
    return SHORT
  }

  protected gap(size: number): Found {
    this.size = size
    return GAP
  }

  protected broken(reason: string): Found {
    this.reason = reason
    return BROKEN
  }

  protected record(from: number, to: number, size: number): Found {
    this.from = from
    this.to = to
    this.size = size
    return RECORD
  }
}

/** No record of a log can be larger, so a length beyond it is none. */
export const MAX_RECORD = 256 << 20

export const uint32 = (b: Uint8Array, at: number): number => ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0

export const uint16 = (b: Uint8Array, at: number): number => b[at] | (b[at + 1] << 8)

export function allZero(b: Uint8Array, from: number, to: number): boolean {
  while (from < to && !b[from]) from++
  return from === to
}

/** Whether all that is left of the source is zeros; consumes it. */
export async function restIsZero(w: Window): Promise<boolean> {
  for (;;) {
    if (!allZero(w.buffer, w.at, w.end)) return false
    w.at = w.end
    await w.fill(1)
    if (w.at === w.end) return true
  }
}
