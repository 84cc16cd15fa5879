// JSON texts: one a line, or the elements of one array.

import { FAULT, SHORT as CUT, faultAt, isDigit, scanValue, skipSpace } from './json-scan.js'
import { END, type Found, MAX_RECORD, Parser } from './parser.js'
import { type Window } from './window.js'

const LINE_FEED = 0x0a
const COMMA = 0x2c
const OPEN = 0x5b
const CLOSE = 0x5d

/** How many bytes a byte order mark takes at the source's start. */
function byteOrderMark({ position, buffer, at }: Window): number {
  return !position && buffer[at] === 0xef && buffer[at + 1] === 0xbb && buffer[at + 2] === 0xbf ? 3 : 0
}

const TOO_LONG = 'it is longer than a record can be'

export class Lines extends Parser {
  override readonly checked = true

  override next(w: Window): Found {
    const have = w.end - w.at
    if (!have && w.ended) return END
    if (have < 3 && !w.ended) return this.short(3)
    const mark = byteOrderMark(w)
    if (mark) return this.gap(mark)
    const feed = w.buffer.subarray(0, w.end).indexOf(LINE_FEED, w.at)
    if (feed < 0 && !w.ended) return have > MAX_RECORD ? this.broken(TOO_LONG) : this.short(2 * have)
    const end = feed < 0 ? w.end : feed
    const size = end - w.at + (feed < 0 ? 0 : 1)
    const from = skipSpace(w.buffer, w.at, end)
    if (from === end) return this.gap(size)
    const to = scanValue(w.buffer, from, end)
    if (to >= 0 && skipSpace(w.buffer, to, end) === end) return this.record(from, to, size)
    const fault = to === CUT ? end : to === FAULT ? faultAt : skipSpace(w.buffer, to, end)
    return this.broken(`the line is no JSON text, as its byte ${fault - w.at} shows`)
  }

  /** The last line, where no line feed ends it. */
  override async torn(w: Window): Promise<boolean> {
    return w.ended && w.buffer.subarray(0, w.end).indexOf(LINE_FEED, w.at) < 0
  }
}

type Place = 'before the array' | 'before its first element' | 'behind an element' | 'behind the array'

const NOT_CLOSED = 'the source ends before its array does'

export class ArrayElements extends Parser {
  override readonly checked = true
  #place: Place

  /** `begun` where reading goes on behind an element. */
  constructor(begun: boolean) {
    super()
    this.#place = begun ? 'behind an element' : 'before the array'
  }

  override next(w: Window): Found {
    const { buffer: b, end } = w
    if (end - w.at < 3 && !w.ended) return this.short(3)
    let at = skipSpace(b, w.at + byteOrderMark(w), end)
    if (at === end && !w.ended) return this.more(w)
    if (this.#place === 'behind the array') {
      if (at > w.at) return this.gap(at - w.at)
      return at === end ? END : this.broken('something follows the array')
    }
    if (this.#place === 'before the array') {
      if (at === end) return this.broken(NOT_CLOSED)
      if (b[at] !== OPEN) return this.broken('no array begins here')
      this.#place = 'before its first element'
      return this.gap(at + 1 - w.at)
    }
    if (at < end && b[at] === CLOSE) {
      this.#place = 'behind the array'
      return this.gap(at + 1 - w.at)
    }
    // A comma is read together with the element behind it, so that one may go on behind any element.
    if (this.#place === 'behind an element') {
      if (at < end && b[at] !== COMMA) return this.broken('no comma stands between two elements')
      at = skipSpace(b, at + 1, end)
    }
    const to = scanValue(b, at, end)
    if (to === FAULT) return this.broken(`the element is no JSON text, as byte ${faultAt - w.at} shows`)
    if (to === end && !w.ended) return this.more(w)
    // A number may have gone on behind the end; all else shows that it is whole.
    if (to === CUT || (to === end && isDigit(b[end - 1]))) return w.ended ? this.broken(NOT_CLOSED) : this.more(w)
    this.#place = 'behind an element'
    return this.record(at, to, to - w.at)
  }

  private more(w: Window): Found {
    const have = w.end - w.at
    return have > MAX_RECORD ? this.broken(TOO_LONG) : this.short(2 * have + 1)
  }

  override async torn(): Promise<boolean> {
    return this.reason === NOT_CLOSED
  }
}
