// A view's state, the seq it covers and the view's version, as the one value they are stored in, so that they are
// written and read together.
//
//   0      1      2           6          14             18          18+n
//   +------+------+-----------+----------+--------------+-----------+---------+
//   | 0x01 | kind | checksum  | seq      | n            | version   | state   |
//   +------+------+-----------+----------+--------------+-----------+---------+
//            0 bytes  u32 of      f64        u32            JSON
//            1 text   all after
//            2 none
//
// Numbers are little-endian. The checksum is FNV-1a; it is to catch a damaged value, not a forged one.

/** What a codec gave for the state, and will be given back; undefined for a state that is undefined. */
export type Encoded = string | Uint8Array | undefined

export interface Checkpoint {
  /** Of the view, in JSON. */
  version: string
  seq: number
  state: Encoded
}

const FORMAT = 1
const HEADER = 18

export function encodeCheckpoint({ version, seq, state }: Checkpoint): Uint8Array {
  const utf8 = new TextEncoder()
  const name = utf8.encode(version)
  const body = typeof state === 'string' ? utf8.encode(state) : (state ?? new Uint8Array())
  const bytes = new Uint8Array(HEADER + name.length + body.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = FORMAT
  bytes[1] = state === undefined ? 2 : typeof state === 'string' ? 1 : 0
  view.setFloat64(6, seq, true)
  view.setUint32(14, name.length, true)
  bytes.set(name, HEADER)
  bytes.set(body, HEADER + name.length)
  view.setUint32(2, checksum(bytes), true)
  return bytes
}

/** Undefined for bytes that are damaged, or of a format that is not ours. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < HEADER || bytes[0] !== FORMAT || view.getUint32(2, true) !== checksum(bytes)) return
  const at = HEADER + view.getUint32(14, true)
  const utf8 = new TextDecoder()
  const body = bytes.slice(at)
  return {
    version: utf8.decode(bytes.subarray(HEADER, at)),
    seq: view.getFloat64(6, true),
    state: bytes[1] === 2 ? undefined : bytes[1] ? utf8.decode(body) : body
  }
}

function checksum(bytes: Uint8Array): number {
  let sum = 0x811c9dc5 ^ bytes[1]
  for (let i = 6; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i], 0x01000193)
  return sum >>> 0
}
