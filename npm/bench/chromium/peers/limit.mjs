// The JavaScript limit: the least that must be done to have JSON records in IndexedDB, and nothing of what makes it a
// log: no checksums, no order between writers, no way to read one record. Each record stringified, joined to about
// 256 KiB, encoded, put; everything in one transaction.

import { answer, newestKey, openDatabase, read, write } from '../indexeddb.mjs'

const VALUE_LENGTH = 256 * 1024

export default {
  async open(place, { durability }) {
    const db = await openDatabase(place)
    const encoder = new TextEncoder()
    const staging = new Uint8Array(4 * VALUE_LENGTH)
    let next = (await newestKey(db)) + 1

    // Chromium's encode() allocates three times what it needs: staged, then copied, the same takes half the time.
    const encode = (text) => {
      const { read, written } = encoder.encodeInto(text, staging)
      return read === text.length ? staging.slice(0, written) : encoder.encode(text)
    }

    const append = (values) =>
      write(db, durability, (store) => {
        let lines = []
        let length = 0
        const put = () => {
          if (lines.length > 0) store.put(encode(lines.join(',')), next++)
          lines = []
          length = 0
        }
        for (const value of values) {
          const line = JSON.stringify(value)
          lines.push(line)
          length += line.length + 1
          if (length >= VALUE_LENGTH) put()
        }
        put()
      })

    return {
      appendPipelined: append,
      appendBatch: append,
      append: (value) => append([value]),
      scan: () => scan(db, next),
      close: () => db.close(),
    }
  },
}

// All gets at once are faster in Chromium than one getAll.
async function scan(db, count) {
  const decoder = new TextDecoder()
  const chunks = await read(db, (store) => Promise.all(Array.from({ length: count }, (_, key) => answer(store.get(key)))))
  const values = []
  for (const chunk of chunks) for (const value of JSON.parse(`[${decoder.decode(chunk)}]`)) values.push(value)
  return values
}
