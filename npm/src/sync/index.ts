// flumedb-wasm/sync: a module that makes db.sync work where it is not loaded by itself.

import { provideSyncer } from '#main'
import { sync } from './sync.js'

provideSyncer(sync)

export type { SyncOptions, SyncProgress, SyncResult } from '../syncer.js'
