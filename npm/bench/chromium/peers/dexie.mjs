// Dexie, as its documentation says: out-of-line auto-incremented keys, bulkAdd for many.

import { Dexie } from '/node_modules/dexie/dist/modern/dexie.min.mjs'

export default {
  async open(place, { durability }) {
    const db = new Dexie(place, { chromeTransactionDurability: durability })
    db.version(1).stores({ records: '++' })
    await db.open()
    const records = db.table('records')
    return {
      appendPipelined: (values) => records.bulkAdd(values),
      appendBatch: (values) => records.bulkAdd(values),
      append: (value) => records.add(value),
      scan: () => records.toArray(),
      get: (index) => records.get(index + 1),
      newest: () => records.toCollection().last(),
      close: () => db.close(),
    }
  },
}
