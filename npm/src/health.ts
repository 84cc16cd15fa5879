// How a log stands with the host's storage.

import { type FlumeError } from './errors.js'

/**
 * - `ok` appends and reads work, as far as is known
 * - `rescuing` an append has found no room, and some is being made
 * - `full` no room could be made, and the append has failed with `QUOTA`; `ok` again once one has worked
 * - `reopening` the browser has closed the database, and it is being opened again
 * - `failed` the log could not be opened, or not again; or the module has crashed
 * - `lost` records that were acknowledged are gone: those from `error.seq` through `error.last`
 */
export type HealthState = 'ok' | 'rescuing' | 'full' | 'reopening' | 'failed' | 'lost'

/**
 * What is done to make room, in this order: small segments are made full ones; stored states of views are deleted, but for
 * those that views which are open cannot go on without; then those too, and the views are built again.
 */
export type HealthStep = 'compact' | 'checkpoints' | 'views'

export interface Health {
  state: HealthState
  /** When that began: milliseconds, as of `Date.now()`. */
  at: number
  /** What is wrong, unless the state is `ok`. */
  error?: FlumeError
  /** While `rescuing`, what is being done; once `ok` again, what has made the room. */
  step?: HealthStep
  /** Bytes that the rescue has freed, as far as is known: of stored states in IndexedDB that is not, unless their views are open. */
  freed?: number
}
