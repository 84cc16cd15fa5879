import { type Exports } from './boundary.js'
import { type Codec } from './codec.js'
import type { Engine, Request } from './engine.js'
import { type Run } from './log-reader.js'
import { type BatchReader } from './source.js'
import { type StreamOptions } from './types.js'

/** A log of ours as import and export see it: its records as the bytes they are stored as. */
export interface LogBytes {
  /** Names the log among all of this origin, where others may have it open too. */
  readonly shared?: string
  readonly codec: Codec<any>
  newest(): number
  /** What the codec makes of records. */
  readonly form: 'json' | 'binary' | 'other'
  /**
   * Appends records, as one batch: they are joined in `run` by one byte each, of the lengths given, both of which may be
   * used again at once. Whoever calls vouches that the codec decodes them.
   */
  append(run: Uint8Array, lengths: Uint32Array): Promise<number>
  /** Options are as checked, and ask for no shape. Fails where the log has not loaded. */
  reader(options: StreamOptions): BatchReader<Run>
  /** Says before the log is opened that it will be synced, so that it is opened in the module that has sync. */
  willSync(): void
  /** Makes a request of a module that has sync. */
  sync(answers: Request, enter: (exports: Exports, handle: number, id: number, engine: Engine) => void): void
  /** Called when records have been deleted here. */
  readonly deleted: Set<() => void>
  /** What was appended and deleted by such a request is told to all who have the log open. Answers when it is known here. */
  synced(): Promise<void>
}

/** Not a member of the log, since it is no way for others to get into it what its codec would refuse. */
export const bytesOf = new WeakMap<object, LogBytes>()
