/**
 * What went wrong, for code to act on. The codes are stable; messages are for people and may change.
 *
 * - `NOT_FOUND` no record has this seq
 * - `DELETED` the record with this seq has been deleted
 * - `CLOSED` the database, or the read of several views, was closed before the call or while it waited
 * - `CORRUPT` committed bytes are damaged; `segment` and `seq` say where
 * - `QUOTA` the host has no room, and none could be made; nothing of the append was kept
 * - `LOCKED` another process holds the log
 * - `INVALID_RECORD` the codec cannot encode this value
 * - `INVALID_OPTION` an argument or option is not one we know, or not of its kind
 * - `WASM` the WebAssembly module failed to load, crashed, or is of another build
 * - `GONE` the database was deleted or replaced under us, with the records from `seq` through `last`
 * - `VERSION` the data was written by a newer build
 * - `ABORTED` an AbortSignal fired (the error's name is then `AbortError`)
 * - `UNCERTAIN` the store failed in the middle of a commit and cannot say whether it took effect
 * - `STORE` any other failure of the host's storage
 * - `SOURCE` the source of an import failed, is damaged, has changed or is of no known format; `position` says where
 * - `REPLAY` to read a view as of a past seq would take more records than it may: those from `seq` through `last`
 * - `VIEW` a view's own function threw, or the view cannot be built; `view` and `seq` say where
 * - `REPLICA` what another log sends to `sync` is not to be understood
 * - `UNAUTHORIZED` a server does not take the token, or wants one
 * - `KEY_REUSED`, `TOO_LARGE`, `TIMEOUT`, `BUSY` over HTTP: see docs/errors.md
 */
export type ErrorCode =
  | 'NOT_FOUND'
  | 'DELETED'
  | 'CLOSED'
  | 'CORRUPT'
  | 'QUOTA'
  | 'LOCKED'
  | 'INVALID_RECORD'
  | 'INVALID_OPTION'
  | 'WASM'
  | 'GONE'
  | 'VERSION'
  | 'ABORTED'
  | 'UNCERTAIN'
  | 'STORE'
  | 'SOURCE'
  | 'REPLAY'
  | 'VIEW'
  | 'REPLICA'
  | 'UNAUTHORIZED'
  | 'KEY_REUSED'
  | 'TOO_LARGE'
  | 'TIMEOUT'
  | 'BUSY'

/** Where an error arose, and the error below it. */
export interface ErrorDetail {
  cause?: unknown
  /** The record it concerns, or the first of them. */
  seq?: number
  /** The last record it concerns, where it is several: what is damaged ends there. */
  last?: number
  /** The stored segment it concerns. */
  segment?: string
  /** The view it concerns. */
  view?: string
  /** The byte of an import's source it concerns. */
  position?: number
}

/** Every error this package makes. Tell them apart by `code`. */
export class FlumeError extends Error {
  readonly code: ErrorCode
  declare readonly seq?: number
  declare readonly last?: number
  declare readonly segment?: string
  declare readonly view?: string
  declare readonly position?: number
  declare readonly cause?: unknown

  constructor(code: ErrorCode, message: string, { cause, ...where }: ErrorDetail = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = code === 'ABORTED' ? 'AbortError' : 'FlumeError'
    this.code = code
    Object.assign(this, where)
  }
}

export const closedError = (method: string) =>
  new FlumeError('CLOSED', `cannot call:${method}, flumedb instance closed`)

/** Runs a function that is not ours. What it throws is its owner's: reported as uncaught, never lost, never in our way. */
export function call<A extends unknown[]>(fn: ((...args: A) => unknown) | undefined | null, ...args: A): void {
  try {
    fn?.(...args)
  } catch (err) {
    rethrowLater(err)
  }
}

export function rethrowLater(err: unknown): void {
  queueMicrotask(() => {
    throw err
  })
}
