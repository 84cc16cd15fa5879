import type { ImportTarget } from '../importer.js'
import { FlumeError } from '#main'

const importing = new WeakSet<object>()

/** Runs one import into a log at a time: two would each overwrite what the other notes down. */
export async function alone<T>({ log, bytes }: ImportTarget, run: () => Promise<T>): Promise<T> {
  const locked = () => new FlumeError('LOCKED', 'another import into this log is under way')
  if (importing.has(log)) throw locked()
  importing.add(log)
  try {
    // Other tabs and workers may have the log open. Where a browser gives no locks, they are the user's to hold off.
    const locks = bytes?.shared === undefined ? undefined : navigator.locks
    if (!locks) return await run()
    return await locks.request(`flumedb-wasm:import:${bytes!.shared}`, { ifAvailable: true }, lock => {
      if (!lock) throw locked()
      return run()
    })
  } finally {
    importing.delete(log)
  }
}
