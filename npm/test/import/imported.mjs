import Flume, { Log } from 'flumedb-wasm'

export async function contents (db) {
  const values = []
  for await (const { value } of db.stream()) values.push(value)
  return values
}

// Imports into an empty log in memory, and answers what was said and what is then there.
export async function imported (source, options, logOptions) {
  const db = Flume(Log.memory(logOptions))
  try {
    const result = await db.import(source, options)
    return { result, values: await contents(db) }
  } finally {
    await db.close()
  }
}
