import { type LogStorage, type StorageOptions, checkStorageOptions } from '../storage.js'

/**
 * What the host of a database says of its storage. To keep it is for pages to ask, not for the service worker; so that is done
 * here, where the database may be in a service worker: one of this origin, whose storage is not kept.
 */
export async function storageOf(base: URL, ask: () => Promise<LogStorage>, options?: StorageOptions): Promise<LogStorage> {
  const persist = checkStorageOptions(options)
  let told = await ask()
  const may = persist && told.persisted === false && base.origin === globalThis.location?.origin
  if (may && (await navigator.storage?.persist?.())) told = await ask()
  const { usage, quota, persisted } = told
  return { usage, quota, persisted }
}
