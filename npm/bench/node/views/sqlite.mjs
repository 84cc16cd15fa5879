// SQLite as node:sqlite has it, or where Node is older, the package with the same interface. Its log is not flushed at
// each commit, as ours is not.

import { CREATE_INDEXES, CREATE_LOG, COUNTS, COUNT_OF, DROP_INDEXES, INSERT, NEWEST, TOTALS } from '../../views/sql.mjs'

const { DatabaseSync } = await import('node:sqlite').catch(() => import('@photostructure/sqlite'))

function openDatabase(place) {
  const db = new DatabaseSync(`${place}.sqlite3`)
  db.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000; ${CREATE_LOG}`)
  const insert = db.prepare(INSERT)
  return { db, append: (value) => insert.run(JSON.stringify(value)), close: () => db.close() }
}

const byType = (rows, valueOf) => Object.fromEntries(rows.map((row) => [row.type, valueOf(row)]))

export default {
  fill(place, values) {
    const { db, append, close } = openDatabase(place)
    db.exec('BEGIN')
    values.forEach(append)
    db.exec('COMMIT')
    close()
  },

  openLog: openDatabase,

  ways: {
    indexes: {
      open(place) {
        const { db, append, close } = openDatabase(place)
        db.exec(CREATE_INDEXES)
        const [newest, counts, countOf] = [NEWEST, COUNTS, COUNT_OF].map((sql) => db.prepare(sql))
        return {
          append,
          close,
          newest: (author, limit) => newest.all(author, limit).map(({ value }) => JSON.parse(value)),
          counts: () => byType(counts.all(), ({ count }) => count),
          countOf: (type) => countOf.get(type).count,
          discard: () => db.exec(DROP_INDEXES),
        }
      },
    },
    'no index': {
      open(place) {
        const { db, append, close } = openDatabase(place)
        const totals = db.prepare(TOTALS)
        return { append, close, totals: () => byType(totals.all(), ({ count, sum }) => ({ count, sum })) }
      },
    },
  },
}
