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
// While a state is being built in the place of one of another version, that one stands between version and state, as a
// u32 of its size and a checkpoint of its own, and the first byte is 0x02.
//
// Numbers are little-endian. The checksum is FNV-1a; it is to catch a damaged value, not a forged one.

/** What a codec gave for the state, and will be given back; undefined for a state that is undefined. */
export type Encoded = string | Uint8Array | undefined

export interface Checkpoint {
  /** Of the view, in JSON. */
  version: string
  seq: number
  state: Encoded
  /** What this state is to replace. */
  old?: Checkpoint | undefined
}

const FORMAT = 1
const WITH_OLD = 2
const HEADER = 18

export function encodeCheckpoint({ version, seq, state, old }: Checkpoint): Uint8Array {
  const utf8 = new TextEncoder()
  const name = utf8.encode(version)
  const body = typeof state === 'string' ? utf8.encode(state) : (state ?? new Uint8Array())
  const before = old && encodeCheckpoint({ ...old, old: undefined })
  const between = before ? 4 + before.length : 0
  const bytes = new Uint8Array(HEADER + name.length + between + body.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = before ? WITH_OLD : FORMAT
  bytes[1] = state === undefined ? 2 : typeof state === 'string' ? 1 : 0
  view.setFloat64(6, seq, true)
  view.setUint32(14, name.length, true)
  bytes.set(name, HEADER)
  if (before) {
    view.setUint32(HEADER + name.length, before.length, true)
    bytes.set(before, HEADER + name.length + 4)
  }
  bytes.set(body, HEADER + name.length + between)
  view.setUint32(2, checksum(bytes), true)
  return bytes
}

/** Undefined for bytes that are damaged, or of a format that is not ours. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const known = bytes[0] === FORMAT || bytes[0] === WITH_OLD
  if (bytes.length < HEADER || !known || view.getUint32(2, true) !== checksum(bytes)) return
  const at = HEADER + view.getUint32(14, true)
  const utf8 = new TextDecoder()
  const between = bytes[0] === WITH_OLD ? 4 + view.getUint32(at, true) : 0
  const body = bytes.slice(at + between)
  return {
    ...(between && { old: decodeCheckpoint(bytes.subarray(at + 4, at + between)) }),
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
