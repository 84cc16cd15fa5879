// What import needs of Node.

import { isUtf8 as valid } from 'node:buffer'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { FlumeError } from '#main'
import { type Bytes } from './bytes.js'

export const isUtf8 = (bytes: Uint8Array): boolean => valid(bytes)

/** A file's bytes, as many as there are now. */
export async function openFile(path: string | URL): Promise<Bytes> {
  const file = await open(path)
  try {
    const stat = await file.stat()
    if (stat.isDirectory()) throw new FlumeError('SOURCE', `${path} is a folder`)
    // A pipe or a terminal has no size, and can be read in its order only.
    const { size } = stat
    const regular = stat.isFile()
    let position = 0
    return {
      ...(regular && { size, seek: to => void (position = to) }),
      path: String(path),
      async read(into) {
        const most = regular ? Math.min(into.length, size - position) : into.length
        if (most <= 0) return 0
        const { bytesRead } = await file.read(into, 0, most, regular ? position : null)
        position += bytesRead
        return bytesRead
      },
      close: () => file.close()
    }
  } catch (err) {
    await file.close()
    throw err
  }
}

/** Whether async-append-only-log was interrupted while it compacted this file. */
export const compactionOf = (path: string): boolean => existsSync(`${path}.compaction`)
