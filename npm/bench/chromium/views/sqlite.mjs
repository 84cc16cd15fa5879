// SQLite on OPFS, opened as for the log.

import { CREATE_INDEXES, CREATE_LOG, COUNTS, COUNT_OF, DROP_INDEXES, INSERT, NEWEST, TOTALS } from '../../views/sql.mjs'
import peer, { openDatabase } from '../peers/sqlite.mjs'

async function openLog(place) {
  const db = await openDatabase(`/${place}.sqlite3`)
  db.exec(`PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000; ${CREATE_LOG}`)
  const statements = []
  const prepare = (sql) => {
    const statement = db.prepare(sql)
    statements.push(statement)
    return statement
  }
  const insert = prepare(INSERT)
  return {
    db,
    prepare,
    append: (value) => insert.bind(JSON.stringify(value)).stepReset(),
    close() {
      for (const statement of statements) statement.finalize()
      db.close()
    },
  }
}

function rows(statement, read, ...values) {
  if (values.length > 0) statement.bind(values)
  const all = []
  while (statement.step()) all.push(read(statement))
  statement.reset()
  return all
}

export default {
  async fill(place, values) {
    const { db, append, close } = await openLog(place)
    db.transaction(() => values.forEach(append))
    close()
  },

  openLog,
  about: peer.about,

  ways: {
    indexes: {
      async open(place) {
        const { db, prepare, append, close } = await openLog(place)
        db.exec(CREATE_INDEXES)
        const [newest, counts, countOf] = [NEWEST, COUNTS, COUNT_OF].map(prepare)
        return {
          append,
          close,
          newest: (author, limit) => rows(newest, (row) => JSON.parse(row.getString(0)), author, limit),
          counts: () => Object.fromEntries(rows(counts, (row) => [row.getString(0), row.getInt(1)])),
          countOf: (type) => rows(countOf, (row) => row.getInt(0), type)[0],
          discard: () => db.exec(DROP_INDEXES),
        }
      },
    },
    'no index': {
      async open(place) {
        const { prepare, close } = await openLog(place)
        const totals = prepare(TOTALS)
        return { close, totals: () => Object.fromEntries(rows(totals, (row) => [row.getString(0), { count: row.getInt(1), sum: row.getInt(2) }])) }
      },
    },
  },
}
