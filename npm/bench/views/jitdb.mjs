// jitdb on async-append-only-log, as ssb-db2 has them: records in bipf with a key around them, an index of prefixes for
// authors, a bitmap for each type. All are built in one scan, by the query that wants them first.

const TYPES = ['post', 'vote', 'contact', 'about']

export function viewsOf({ AsyncLog, JITDB, bipf, operators: { count, descending, equal, fromDB, or, paginate, query, toCallback, where } }, pathOf) {
  const [VALUE, AUTHOR, CONTENT, TYPE] = ['value', 'author', 'content', 'type'].map((name) => bipf.allocAndEncode(name))
  const seek = (...names) => (buffer, start = 0) => {
    let p = start
    for (const name of names) {
      p = bipf.seekKey2(buffer, p, name, 0)
      if (p < 0) return -1
    }
    return p
  }
  const seekAuthor = seek(VALUE, AUTHOR)
  const seekType = seek(VALUE, CONTENT, TYPE)
  const byAuthor = (author) => equal(seekAuthor, author, { indexType: 'author', prefix: 32, prefixOffset: 1 })
  const byType = (type) => equal(seekType, type, { indexType: 'type' })

  const encode = (value) => bipf.allocAndEncode({ key: `%${value.author.slice(1, -8)}${value.sequence}.sha256`, value, timestamp: value.timestamp })

  async function openLog(place) {
    const path = await pathOf(place)
    const log = AsyncLog(`${path}/log.bipf`, { blockSize: 64 * 1024 })
    await called((cb) => log.onDrain(cb))
    return {
      path,
      log,
      // Queries know of a record once it has been written, 250 ms later.
      async append(value) {
        await called((cb) => log.append(encode(value), cb))
        await called((cb) => log.onDrain(cb))
      },
      close: () => called((cb) => log.close(cb)),
    }
  }

  const ask = (db, ...steps) => called((cb) => query(fromDB(db), ...steps, toCallback(cb)))

  return {
    async fill(place, values) {
      const { log, close } = await openLog(place)
      for (const value of values) await called((cb) => log.append(encode(value), cb))
      await called((cb) => log.onDrain(cb))
      await close()
    },

    openLog,

    ways: {
      jitdb: {
        appends: 4,
        async open(place, generation) {
          const { path, log, append, close } = await openLog(place)
          const db = JITDB(log, `${path}/indexes-${generation}`)
          await called((cb) => db.onReady(cb))
          let isBuilt = false
          return {
            append,
            close,
            async newest(author, limit) {
              // The first query of both fields builds them together.
              if (!isBuilt) await called((cb) => db.prepare(or(byAuthor(author), ...TYPES.map(byType)), cb))
              isBuilt = true
              const { results } = await ask(db, where(byAuthor(author)), descending(), paginate(limit))
              return results.map(({ value }) => value)
            },
            async counts() {
              const counts = {}
              for (const type of TYPES) counts[type] = await ask(db, where(byType(type)), count())
              return counts
            },
            countOf: (type) => ask(db, where(byType(type)), count()),
          }
        },
      },
    },
  }
}

function called(start) {
  return new Promise((resolve, reject) => start((error, result) => (error ? reject(error) : resolve(result))))
}
