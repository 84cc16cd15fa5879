// Dexie: an index is a new version of the schema, and IndexedDB builds it. Sums are made of all records in JavaScript.

import { Dexie } from '/node_modules/dexie/dist/modern/dexie.min.mjs'

const LOG = '++'

async function openDatabase(place, version, schema) {
  const db = new Dexie(place, { chromeTransactionDurability: 'relaxed' })
  db.version(version).stores({ records: schema })
  await db.open()
  const records = db.table('records')
  return { db, records, append: (value) => records.add(value), close: () => db.close() }
}

// Its number is told to no one, and one that is lower than the last is refused.
async function versionOf(place) {
  const db = await new Dexie(place).open().catch(() => null)
  const version = db?.verno ?? 0
  db?.close()
  return version
}

async function openLog(place) {
  return openDatabase(place, Math.max(1, await versionOf(place)), LOG)
}

export default {
  async fill(place, values) {
    const { records, close } = await openDatabase(place, 1, LOG)
    await records.bulkAdd(values)
    close()
  },

  openLog,

  ways: {
    indexes: {
      async open(place, generation) {
        const { records, append, close } = await openDatabase(place, 2 * generation, `${LOG}, author, content.type`)
        const countOf = (type) => records.where('content.type').equals(type).count()
        return {
          append,
          close,
          newest: (author, limit) => records.where('author').equals(author).reverse().limit(limit).toArray(),
          async counts() {
            const types = await records.orderBy('content.type').uniqueKeys()
            const counts = await Promise.all(types.map(countOf))
            return Object.fromEntries(types.map((type, i) => [type, counts[i]]))
          },
          countOf,
          async discard() {
            close()
            ;(await openDatabase(place, 2 * generation + 1, LOG)).close()
          },
        }
      },
    },
    'no index': {
      async open(place) {
        const { records, close } = await openLog(place)
        return {
          close,
          async totals() {
            const types = {}
            for (const { content, sequence } of await records.toArray()) {
              const of = (types[content.type] ??= { count: 0, sum: 0 })
              of.count++
              of.sum += sequence
            }
            return types
          },
        }
      },
    },
  },
}
