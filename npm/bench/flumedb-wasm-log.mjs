// Our own package behind the same handle as every peer; the host's adapter says where the log is stored.

export async function openLog({ Flume, log }) {
  const db = Flume(log)
  await new Promise((resolve, reject) => log.loaded((error) => (error ? reject(error) : resolve())))
  return {
    appendPipelined: {
      'a promise each': (values) => Promise.all(values.map((value) => db.append(value))),
      'a callback each': (values) => appendWithCallbacks(db, values),
      'one array': (values) => db.append(values),
    },
    appendBatch: (values) => db.append(values),
    append: (value) => db.append(value),
    scan: {
      'pull-stream': () => pullAll(db.stream({ seqs: false })),
      'for await': () => iterateAll(db.stream({ seqs: false })),
    },
    get: (seq) => db.get(seq),
    newest: () => db.get(db.since.value),
    close: () => db.close(),
    stream: (options) => db.stream(options),
  }
}

function appendWithCallbacks(db, values) {
  return new Promise((resolve, reject) => {
    let left = values.length
    const acknowledged = (error) => {
      if (error) reject(error)
      else if (--left === 0) resolve()
    }
    for (const value of values) db.append(value, acknowledged)
  })
}

// What pull.collect does: reads again at once while the source answers at once, so that the stack does not grow.
function pullAll(source) {
  return new Promise((resolve, reject) => {
    const values = []
    let answered = false
    let isLooping = false

    const next = () => {
      if (isLooping) return
      isLooping = true
      do {
        answered = false
        source(null, take)
      } while (answered)
      isLooping = false
    }
    const take = (end, value) => {
      if (end === true) return resolve(values)
      if (end) return reject(end)
      values.push(value)
      answered = true
      next()
    }
    next()
  })
}

async function iterateAll(iterable) {
  const values = []
  for await (const value of iterable) values.push(value)
  return values
}
