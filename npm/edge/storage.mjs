// The storage of a Durable Object, as jsbridge/durablestore takes it.

/** @param storage the object's, with SQLite */
export const durableStorage = storage => ({
  /** Runs statements, each [text, ...values], all or none, and answers the rows that each has found, as arrays. */
  run: statements => storage.transactionSync(() => statements.map(statement => found(storage.sql.exec(...statement)))),
  /** Resolves when all that was written is where a crash cannot undo it. */
  sync: () => storage.sync()
})

const found = cursor => [...cursor.raw()].map(row => row.map(value => (value instanceof ArrayBuffer ? new Uint8Array(value) : value)))
