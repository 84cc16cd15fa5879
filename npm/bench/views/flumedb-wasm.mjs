// Views of our own package; the host's adapter says where the log is stored.

export function viewsOf({ Flume, Log, Level, Query, Reduce, Hashtable, Search }, openLog) {
  const level = Level(1, { keys: [[{ value: 'author' }, 'author', 'timestamp'], [{ value: 'type' }, 'content.type', 'timestamp']] })
  const query = Query(1, { indexes: [{ key: 'author', value: ['author'] }, { key: 'type', value: [['content', 'type']] }] })
  const totals = Reduce(1, { count: true, sum: 'sequence', groupBy: 'content.type' })
  const reducer = Reduce(1, (types, { content, sequence }) => {
    types ??= {}
    const of = (types[content.type] ??= { count: 0, sum: 0 })
    of.count++
    of.sum += sequence
    return types
  })
  const five = (db, generation) =>
    db
      .use(`level${generation}`, level)
      .use(`query${generation}`, query)
      .use(`totals${generation}`, totals)
      .use(`byPlace${generation}`, Hashtable(1, ['author', 'sequence']))
      .use(`search${generation}`, Search(1, { fields: ['content.text', 'content.description'] }))

  const way = (create, methods) => ({
    open(place, generation) {
      const db = Flume(openLog(place)).use(`view${generation}`, create)
      return { append: (value) => db.append(value), close: () => db.close(), ...methods(db[`view${generation}`]) }
    },
  })
  const reduced = (view) => ({
    totals: () => view.get(),
    counts: async () => Object.fromEntries(Object.entries(await view.get()).map(([type, { count }]) => [type, count])),
  })

  return {
    async fill(place, values) {
      const db = Flume(openLog(place))
      await db.append(values)
      await db.close()
    },

    openLog: (place) => Flume(openLog(place)),

    ways: {
      Level: way(level, (view) => ({
        newest: (author, limit) =>
          view.read({ gt: ['author', author], lt: ['author', author, undefined], reverse: true, limit, keys: false, seqs: false }).collect(),
      })),
      Query: way(query, (view) => ({
        newest: (author, limit) => view.read({ query: [{ $filter: { author } }], reverse: true, limit }).collect(),
        async counts() {
          const answers = await view.read([{ $reduce: { type: ['content', 'type'], count: { $count: true } } }]).collect()
          return Object.fromEntries(answers.map(({ type, count }) => [type, count]))
        },
        countOf: async (type) => (await view.read([{ $filter: { content: { type } } }, { $reduce: { $count: true } }]).collect())[0],
      })),
      Reduce: way(totals, reduced),
      'JavaScript reducer': way(reducer, reduced),
    },

    // Five views at once, or none. `newest` answers with a record, `caughtUp` when all have applied what is in the log.
    openWith(place, { views, generation }) {
      const log = openLog(place)
      const db = Flume(log)
      if (views) five(db, generation)
      return {
        newest: () => called((cb) => log.loaded(cb)).then(() => db.get(db.since.value)),
        caughtUp: () => Promise.all(Object.values(db.views).map(({ ready }) => called(ready))),
        close: () => db.close(),
      }
    },
  }
}

function called(start) {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())))
}
