// lmdb as it comes (msgpack), without sync and with the sync inside each commit.

import { open } from 'lmdb'

const SYNC = { relaxed: { noSync: true }, strict: { overlappingSync: false } }

export default {
  async open(place, { durability }) {
    const db = open({ path: place, keyEncoding: 'uint32', ...SYNC[durability] })
    let next = newestKey(db) + 1

    return {
      async appendPipelined(values) {
        await Promise.all(values.map((value) => db.put(next++, value)))
      },
      async appendBatch(values) {
        await db.batch(() => {
          for (const value of values) db.put(next++, value)
        })
      },
      append: (value) => db.put(next++, value),
      scan() {
        const values = []
        for (const { value } of db.getRange()) values.push(value)
        return values
      },
      get: (index) => db.get(index),
      newest: () => db.get(newestKey(db)),
      close: () => db.close(),
    }
  },
}

function newestKey(db) {
  for (const key of db.getKeys({ reverse: true, limit: 1 })) return key
  return -1
}
