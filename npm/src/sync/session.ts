import { type LogBytes } from '../log-bytes.js'
import { type SyncProgress } from '../syncer.js'

/** The side of the exchange that is in the module, core/replica; each call is one of jsbridge/replicas. */
export interface Session {
  /** The next message, of about so many bytes of records. */
  message(budget: number): Promise<Uint8Array<ArrayBuffer>>
  /** A piece of the answer; what it holds stays. Answers how many records have come in all, and how many are missing. */
  take(piece: Uint8Array): Promise<{ pulled: number; toPull: number }>
  /** At the end of the answer. */
  finish(): Promise<Omit<SyncProgress, 'error'>>
  /** After an exchange that has failed; what had come of it stays. */
  restart(): Promise<void>
  end(): void
}

export async function openSession(log: LogBytes): Promise<Session> {
  type Enter = Parameters<LogBytes['sync']>[1]
  const ask = (enter: Enter) =>
    new Promise<{ a: number; b: number; data?: Uint8Array }>((resolve, reject) =>
      log.sync({ settle: (a, b, data) => resolve({ a, b, data }), fail: reject }, enter)
    )
  let session = 0
  let engine: Parameters<Enter>[3]
  await ask((exports, handle, id, e) => {
    session = id
    engine = e
    exports.flumedb_sync(handle, id, log.form === 'json' ? 1 : 0)
  })
  return {
    async message(budget) {
      const { data } = await ask((exports, _handle, id) => exports.flumedb_sync_message(session, id, budget))
      return data as Uint8Array<ArrayBuffer>
    },
    async take(piece) {
      const { a, b } = await ask((exports, _handle, id, e) => {
        e.stage(piece)
        exports.flumedb_sync_take(session, id, piece.length)
      })
      return { pulled: a, toPull: b }
    },
    async finish() {
      const { data } = await ask((exports, _handle, id) => exports.flumedb_sync_finish(session, id))
      return JSON.parse(new TextDecoder().decode(data))
    },
    async restart() {
      await ask((exports, _handle, id) => exports.flumedb_sync_restart(session, id))
    },
    end: () => void engine.enter(exports => exports.flumedb_sync_end(session))
  }
}
