// Raw IndexedDB, one row a record: what one would write without any library.

import { answer, newestKey, openDatabase, read, write } from '../indexeddb.mjs'

export default {
  async open(place, { durability }) {
    const db = await openDatabase(place)
    let next = (await newestKey(db)) + 1

    const append = (values) =>
      write(db, durability, (store) => {
        for (const value of values) store.put(value, next++)
      })

    return {
      appendPipelined: append,
      appendBatch: append,
      append: (value) => append([value]),
      scan: () => answer(read(db, (store) => store.getAll())),
      get: (index) => answer(read(db, (store) => store.get(index))),
      newest: () => answer(read(db, (store) => store.get(next - 1))),
      close: () => db.close(),
    }
  },
}
