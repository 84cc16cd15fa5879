// Keys by which views find records exactly.

import { FlumeError } from './errors.js'
import { type Path } from './reduce-built-in.js'

/** Where a key stands in a record: a path, or an array of paths whose values, in order, are the key. */
export type KeyPaths = string | true | readonly Path[]

/** Makes the key of a record; null or undefined where it has none. */
export type MakeKey = (value: any, seq: number) => unknown

/** How a view is to be mounted for a key: a function of JavaScript's makes the whole record for it. */
export function keySpec(view: string, key: KeyPaths | MakeKey): { key: KeyPaths; map: MakeKey | undefined } {
  if (typeof key === 'function') return { key: true, map: key }
  if (key !== true && typeof key !== 'string' && !Array.isArray(key))
    throw new FlumeError('INVALID_OPTION', `${view} needs a key: a path, paths, or a function`)
  return { key, map: undefined }
}

/** Throws at what JSON does not have, as undefined: it must not find null. */
export function checkKey(key: unknown): void {
  if (key === undefined || typeof key === 'function' || typeof key === 'symbol' || (typeof key === 'number' && !Number.isFinite(key)))
    throw new FlumeError('INVALID_OPTION', `a key must be a value that JSON has, not ${String(key)}`)
}

/** A method `(key, options?, cb)` whose options are found at their place, and whose key has been checked. */
export function keyMethod<O>(
  fn: (key: unknown, options: O | undefined, cb: (...answer: any) => void) => void,
  check: (key: any) => unknown = checkKey
) {
  const method = (key: unknown, options: any, cb: any) => {
    if (typeof options === 'function') [options, cb] = [undefined, options]
    try {
      check(key)
    } catch (err) {
      return cb(err)
    }
    fn(key, options, cb)
  }
  return Object.assign(method, { optionsAt: 1 })
}
