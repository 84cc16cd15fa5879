// What import needs of a page or a worker.

import { FlumeError } from '#main'
import { type Bytes } from './bytes.js'

const strict = new TextDecoder('utf-8', { fatal: true })

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes)
    return true
  } catch {
    return false
  }
}

export async function openFile(_path: string | URL): Promise<Bytes> {
  throw new FlumeError('INVALID_OPTION', "import cannot open a path here: give it a File, or the body of a fetch's Response")
}

export const compactionOf = (_path: string): boolean => false
