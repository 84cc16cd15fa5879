// A page as a user has it, which does nothing but load the package and append one record. Time zero is the start of
// the navigation.

import Flume, { Log } from '/dist/browser.mjs'

const imported = performance.now()
const name = new URLSearchParams(location.search).get('log')
const value = { hello: 'world' }

try {
  const db = Flume(Log.indexedDB(name))
  const seq = await db.append(value)
  const acknowledged = performance.now()
  const got = await db.get(seq)
  if (JSON.stringify(got) !== JSON.stringify(value)) throw new Error(`appended ${JSON.stringify(value)}, got ${JSON.stringify(got)}`)
  await db.close()
  globalThis.started = { imported, acknowledged }
} catch (error) {
  globalThis.started = { error: String(error?.stack ?? error) }
}
