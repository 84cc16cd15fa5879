import { FlumeError } from './errors.js'

/** Turns values into a record's bytes and back. `encode` must be pure; what it throws refuses the record. */
export interface Codec<T> {
  encode(value: T): string | Uint8Array
  decode(bytes: Uint8Array): T
}

/** `'json'` by default; `'binary'` takes and gives Uint8Arrays as they are. */
export type CodecOption<T> = 'json' | 'binary' | Codec<T>

const utf8 = new TextDecoder()

/** The one codec whose records are JSON texts, and may be parsed many at once. */
export const json: Codec<any> = {
  encode(value) {
    const text = JSON.stringify(value)
    if (text === undefined) throw new TypeError(`JSON cannot hold ${typeof value === 'object' ? 'what this toJSON() gives' : typeof value}`)
    return text
  },
  decode: bytes => JSON.parse(utf8.decode(bytes))
}

const binary: Codec<any> = {
  encode(value) {
    if (value instanceof ArrayBuffer) return new Uint8Array(value)
    if (!ArrayBuffer.isView(value)) throw new TypeError('the binary codec takes Uint8Arrays')
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  },
  decode: bytes => bytes
}

export function toCodec(option: CodecOption<any> | undefined): Codec<any> {
  if (option === undefined || option === 'json') return json
  if (option === 'binary') return binary
  if (typeof option?.encode === 'function' && typeof option.decode === 'function') return option
  throw new FlumeError('INVALID_OPTION', `codec must be 'json', 'binary' or {encode, decode}`)
}

/** Encodes one value, or says which it was that cannot be stored: its name, or its place in a batch. */
export function encode(codec: Codec<any>, value: unknown, at: string | number = 'the value'): string | Uint8Array {
  let encoded: unknown
  try {
    encoded = codec.encode(value)
  } catch (cause) {
    throw refused(at, (cause as Error)?.message ?? cause, cause)
  }
  if (typeof encoded === 'string' || encoded instanceof Uint8Array) return encoded
  throw refused(at, 'the codec gave neither a string nor a Uint8Array')
}

function refused(at: string | number, why: unknown, cause?: unknown): FlumeError {
  const what = typeof at === 'number' ? `value ${at} of the batch` : at
  return new FlumeError('INVALID_RECORD', `${what} cannot be encoded: ${why}`, { cause })
}

/** Decodes a record's bytes, or the text of a JSON one. */
export function decode(codec: Codec<any>, record: Uint8Array | string, seq: number): any {
  try {
    return typeof record === 'string' ? JSON.parse(record) : codec.decode(record)
  } catch (cause) {
    throw new FlumeError('INVALID_RECORD', `record ${seq} cannot be decoded: ${(cause as Error)?.message ?? cause}`, { cause, seq })
  }
}
