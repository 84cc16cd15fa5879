// What a host says of the room that a log has. Where it says nothing, the members are undefined.

import { FlumeError } from './errors.js'

export interface LogStorage {
  /**
   * Bytes in use. In a browser by the whole origin, as far as the browser tells: it may pad or round. In Node by the log's
   * folder, with the files of views. In memory by the log's segments.
   */
  usage: number | undefined
  /**
   * Bytes that there may be: `quota - usage` is what is left. A browser's is a guess: Chromium says the same to every site,
   * and may have less. In Node it is what the disk has left for us, with `usage`. In memory undefined.
   */
  quota: number | undefined
  /**
   * Whether only people delete it: the browser has promised not to when the disk is full. In Node true, in memory false.
   */
  persisted: boolean | undefined
}

export interface StorageOptions {
  /**
   * Asks the browser to keep the origin's storage when the disk is full, before the answer, which says whether it will.
   * Firefox asks the person, and answers when they have; others decide by how the site is used. Workers cannot ask: there the
   * answer is how it stands, and so it is wherever there is nothing to ask.
   */
  persist?: boolean
}

export function checkStorageOptions(options: StorageOptions = {}): boolean {
  for (const option of Object.keys(options))
    if (option !== 'persist') throw new FlumeError('INVALID_OPTION', `storage has no option "${option}", known is persist`)
  return !!options.persist
}
