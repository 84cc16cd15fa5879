// bipf, the encoding of ssb-db2's logs: each value is a tag, a varint of 8 × its length + its type, and its bytes.
// See https://github.com/ssbc/bipf-spec

const STRING = 0
const BUFFER = 1
const INT = 2
const DOUBLE = 3
const ARRAY = 4
const OBJECT = 5
const BOOLNULL = 6

const HEX = '0123456789abcdef'
const ESCAPES = new Map([...'bfnrt'].map((c, i) => ['\b\f\n\r\t'.charCodeAt(i), c.charCodeAt(0)]))

class Malformed extends Error {}

/**
 * Writes bipf as JSON in UTF-8, without making anything of it, just as JSON.stringify writes what bipf decodes to: members
 * that are undefined are left out, and bytes are what Node's Buffers are in JSON.
 */
export class BipfToJson {
  bytes = new Uint8Array(1 << 16)
  length = 0
  #b: Uint8Array = new Uint8Array()
  #at = 0

  /** Answers why these bytes are no bipf value; undefined where they are, and `bytes` is `length` of JSON. */
  convert(b: Uint8Array, from: number, to: number): string | undefined {
    this.#b = b
    this.#at = from
    this.length = 0
    try {
      if (!this.#value(to, true)) return 'it is undefined, which JSON cannot hold'
      if (this.#at !== to) return `its value ends after ${this.#at - from} of its ${to - from} bytes`
    } catch (err) {
      if (err instanceof Malformed) return `at its byte ${this.#at - from}, ${err.message}`
      if (err instanceof RangeError) return 'it is nested too deep'
      throw err
    }
    return
  }

  /** A value that must end by `limit`. Answers whether it is one that JSON has; of others nothing is written. */
  #value(limit: number, last = false): boolean {
    const tag = this.#varint(limit)
    const type = tag & 7
    const length = (tag - type) / 8
    const end = this.#at + length
    if (end > limit || (last && end !== limit)) throw new Malformed(`a value of ${length} bytes does not fit`)
    const b = this.#b
    switch (type) {
      case STRING:
        this.#string(end)
        break
      case BUFFER:
        this.#text('{"type":"Buffer","data":[')
        this.#text(b.subarray(this.#at, end).join(','))
        this.#text(']}')
        this.#at = end
        break
      case INT: {
        if (length !== 4) throw new Malformed(`an integer has ${length} bytes`)
        const at = this.#at
        this.#text(String(b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)))
        this.#at = end
        break
      }
      case DOUBLE:
        if (length !== 8) throw new Malformed(`a double has ${length} bytes`)
        this.#text(JSON.stringify(new DataView(b.buffer, b.byteOffset + this.#at, 8).getFloat64(0, true)))
        this.#at = end
        break
      case ARRAY:
        this.#byte(0x5b)
        for (let first = true; this.#at < end; first = false) {
          if (!first) this.#byte(0x2c)
          if (!this.#value(end)) this.#text('null')
        }
        this.#byte(0x5d)
        break
      case OBJECT:
        this.#object(end)
        break
      case BOOLNULL:
        return this.#boolnull(length, end)
      default:
        throw new Malformed('a value has the type 7, which is reserved')
    }
    return true
  }

  #object(end: number): void {
    this.#byte(0x7b)
    for (let first = true; this.#at < end; ) {
      const before = this.length
      if (!first) this.#byte(0x2c)
      const tag = this.#varint(end)
      if (tag & 7) throw new Malformed('a name is no string')
      const nameEnd = this.#at + tag / 8
      if (nameEnd > end) throw new Malformed(`a name of ${tag / 8} bytes does not fit`)
      this.#string(nameEnd)
      this.#byte(0x3a)
      if (this.#value(end)) first = false
      else this.length = before
    }
    this.#byte(0x7d)
  }

  #boolnull(length: number, end: number): boolean {
    const kind = length ? this.#b[this.#at] : -1
    if (length > 1 || kind > 2) throw new Malformed('a value is neither a boolean nor null')
    this.#at = end
    if (kind === 2) return false
    this.#text(kind < 0 ? 'null' : kind ? 'true' : 'false')
    return true
  }

  #varint(limit: number): number {
    let value = 0
    for (let unit = 1; unit < 2 ** 35; unit *= 128) {
      if (this.#at >= limit) throw new Malformed('a tag is cut off')
      const byte = this.#b[this.#at++]
      value += (byte & 0x7f) * unit
      if (byte < 0x80) return value
    }
    throw new Malformed('a tag is too large')
  }

  #string(end: number): void {
    const b = this.#b
    this.#room((end - this.#at) * 6 + 2)
    const out = this.bytes
    let to = this.length
    out[to++] = 0x22
    for (let i = this.#at; i < end; i++) {
      const c = b[i]
      if (c >= 0x20 && c !== 0x22 && c !== 0x5c) out[to++] = c
      else {
        out[to++] = 0x5c
        const short = c >= 0x20 ? c : ESCAPES.get(c)
        if (short) out[to++] = short
        else for (const d of `u00${HEX[c >> 4]}${HEX[c & 15]}`) out[to++] = d.charCodeAt(0)
      }
    }
    out[to++] = 0x22
    this.length = to
    this.#at = end
  }

  #byte(c: number): void {
    this.#room(1)
    this.bytes[this.length++] = c
  }

  /** Writes ASCII. */
  #text(text: string): void {
    this.#room(text.length)
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i)
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return
    const more = new Uint8Array(Math.max(2 * this.bytes.length, this.length + bytes))
    more.set(this.bytes.subarray(0, this.length))
    this.bytes = more
  }
}
