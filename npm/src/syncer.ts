// Sync is a bundle of its own, as import is. This is what the main bundle knows of it: the types, and where it puts itself.

import { loadSync } from '#host'
import { type LogBytes } from './log-bytes.js'
import { type ViewHost } from './view-host.js'

export interface SyncOptions {
  /** Sent as `Authorization: Bearer TOKEN`. */
  token?: string
  /** Other headers of each request. */
  headers?: Record<string, string>
  /** Go on when both have the same, and exchange what is appended and deleted from then on, until the signal or `close`. */
  live?: boolean
  /**
   * Without `live`, for how many milliseconds is tried again what fails because there is no connection or the other side
   * cannot just now; 30,000 by default. With `live`, for as long as it takes.
   */
  retry?: number
  /**
   * In a page with a service worker, where the browser has Background Sync: the tag of the `sync` event that the worker is
   * to get when there is a connection again, should there be none now.
   */
  background?: string
  /** Hears how far it is, at most about ten times a second, and at its end. */
  onProgress?(progress: SyncProgress): void
  /** Ends it with `ABORTED`. What has been exchanged stays. */
  signal?: AbortSignal
  /** By which requests are made; the host's `fetch` by default. */
  fetch?: typeof fetch
}

export interface SyncResult {
  /** Records that have come from the other log. */
  pulled: number
  /** Records that have gone there. */
  pushed: number
  /**
   * Origins of which the two have other records at the same places, so that they do not exchange those: docs/sync.md says how
   * that can come to be. 0 is good.
   */
  forked: number
}

export interface SyncProgress extends SyncResult {
  /** How many records the two are known to lack. */
  toPull: number
  toPush: number
  /** Both have the same, as far as is known. */
  settled: boolean
  /** What has failed, while it is waited to try again. */
  error?: Error
}

/** The database that is synced, from within. */
export interface SyncTarget {
  bytes?: LogBytes
  /** Calls back once the log has loaded. */
  loaded(cb: (err: Error | null) => void): void
  enlist: ViewHost['enlist']
  /** Hears of the newest seq; answers how to stop that. */
  since(fn: (seq: number) => void): () => void
}

export type Syncer = (target: SyncTarget, url: string | URL, options: SyncOptions) => Promise<SyncResult>

let provided: Syncer | undefined

/** For `flumedb-wasm/sync`, which makes itself known by it. */
export function provideSyncer(syncer: Syncer): void {
  provided = syncer
}

export async function runSync(target: SyncTarget, url: string | URL, options: SyncOptions): Promise<SyncResult> {
  if (!provided) await loadSync()
  return provided!(target, url, options)
}
