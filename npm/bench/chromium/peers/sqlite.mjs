// SQLite on OPFS, which works only in a dedicated worker; its records are made there too, so that it pays for no
// message to the page. The pool VFS where the version has it, the fastest one; else the older "opfs" VFS.

import sqlite3InitModule from '/sqlite-wasm.mjs'

// Relaxed leaves flushing to the system, as IndexedDB's relaxed does; strict flushes at every commit.
const SYNCHRONOUS = { relaxed: 'OFF', strict: 'FULL' }

const sqlite = sqlite3InitModule({ print() {}, printErr: console.error })
let pool

export default {
  async open(place, { durability }) {
    const db = await openDatabase(`/${place}.sqlite3`)
    db.exec(`PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=${SYNCHRONOUS[durability]};
             PRAGMA cache_size=-16000; CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, value TEXT NOT NULL)`)
    const insert = db.prepare('INSERT INTO log (value) VALUES (?)')
    const select = db.prepare('SELECT value FROM log WHERE seq = ?')

    const add = (value) => insert.bind(JSON.stringify(value)).stepReset()
    const addAll = (values) => db.transaction(() => values.forEach(add))

    return {
      appendPipelined: addAll,
      appendBatch: addAll,
      append: add,
      scan() {
        const all = db.prepare('SELECT value FROM log ORDER BY seq')
        const values = []
        while (all.step()) values.push(JSON.parse(all.getString(0)))
        all.finalize()
        return values
      },
      get(index) {
        select.bind(index + 1).step()
        const value = JSON.parse(select.getString(0))
        select.reset()
        return value
      },
      newest: () => JSON.parse(db.selectValue('SELECT value FROM log ORDER BY seq DESC LIMIT 1')),
      close() {
        insert.finalize()
        select.finalize()
        db.close()
      },
    }
  },

  async about() {
    const { version, installOpfsSAHPoolVfs } = await sqlite
    return `SQLite ${version.libVersion}, ${installOpfsSAHPoolVfs ? 'opfs-sahpool' : 'opfs'} VFS`
  },
}

export async function openDatabase(path) {
  const sqlite3 = await sqlite
  if (sqlite3.installOpfsSAHPoolVfs) {
    pool ??= await sqlite3.installOpfsSAHPoolVfs({ initialCapacity: 32 })
    return new pool.OpfsSAHPoolDb(path)
  }
  return new sqlite3.oo1.OpfsDb(path, 'c')
}
