// Whatever can be imported, as bytes in order.

import { openFile } from '#import-host'
import type { ImportSource } from '../importer.js'
import { FlumeError } from '#main'

export interface Bytes {
  /** How many there are, where that is known. */
  size?: number
  /** Reads on from there. */
  seek?(position: number): void
  /** Of a file that has one. */
  path?: string
  /** Puts the next bytes into a buffer, as many as are at hand, and answers how many; 0 is the end. */
  read(into: Uint8Array): Promise<number>
  /** Lets go of the source. A source that is busy may take as long as it likes. */
  close(): Promise<unknown>
}

export async function openBytes(source: ImportSource): Promise<Bytes> {
  if (typeof source === 'string' || source instanceof URL) return openFile(source)
  if (source instanceof Blob) return blobBytes(source)
  if (source instanceof ArrayBuffer) return arrayBytes(new Uint8Array(source))
  if (ArrayBuffer.isView(source)) return arrayBytes(new Uint8Array(source.buffer, source.byteOffset, source.byteLength))
  // Not every host's ReadableStream is iterable.
  if (typeof (source as ReadableStream)?.getReader === 'function') return readerBytes((source as ReadableStream).getReader())
  if (typeof (source as AsyncIterable<any>)?.[Symbol.asyncIterator] === 'function')
    return iteratorBytes((source as AsyncIterable<Uint8Array | string>)[Symbol.asyncIterator]())
  throw new FlumeError('INVALID_OPTION', 'the source of an import must be a path, a File or Blob, bytes, or a stream of bytes')
}

function arrayBytes(bytes: Uint8Array): Bytes {
  let position = 0
  return {
    size: bytes.length,
    seek: to => void (position = to),
    async read(into) {
      const part = bytes.subarray(position, position + into.length)
      into.set(part)
      position += part.length
      return part.length
    },
    async close() {}
  }
}

function blobBytes(blob: Blob): Bytes {
  let position = 0
  return {
    size: blob.size,
    seek: to => void (position = to),
    async read(into) {
      const part = new Uint8Array(await blob.slice(position, position + into.length).arrayBuffer())
      into.set(part)
      position += part.length
      return part.length
    },
    async close() {}
  }
}

const readerBytes = (reader: ReadableStreamDefaultReader<any>): Bytes =>
  chunkBytes(
    () => reader.read(),
    () => reader.cancel()
  )

const iteratorBytes = (iterator: AsyncIterator<Uint8Array | string>): Bytes =>
  chunkBytes(
    () => iterator.next(),
    () => iterator.return?.()
  )

/** Bytes that come in chunks of any size; each is asked for when the one before has been taken. */
function chunkBytes(next: () => Promise<{ done?: boolean; value?: any }>, close: () => unknown): Bytes {
  const utf8 = new TextEncoder()
  let chunk: Uint8Array = new Uint8Array()
  let ended = false
  return {
    async read(into) {
      while (!chunk.length && !ended) {
        const { done, value } = await next()
        if (done) ended = true
        else if (typeof value === 'string') chunk = utf8.encode(value)
        else if (ArrayBuffer.isView(value)) chunk = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
        else throw new FlumeError('SOURCE', `the source of the import gave ${value === null ? 'null' : typeof value}, not bytes`)
      }
      const part = chunk.subarray(0, into.length)
      into.set(part)
      chunk = chunk.subarray(part.length)
      return part.length
    },
    close: async () => ended || close()
  }
}
