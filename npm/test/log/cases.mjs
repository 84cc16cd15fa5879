// What a log does on every host, as cases that run in Node and in a page alike. A case gets the package and a function
// that opens a database on a name of its own, and throws where something is not as it should be.

const equal = (got, want, what = '') => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)]
  if (a !== b) throw new Error(`${what} is ${a?.slice(0, 300)}, not ${b?.slice(0, 300)}`)
}

const codeOf = promise => Promise.resolve(promise).then(value => `no error but ${JSON.stringify(value)?.slice(0, 100)}`, err => err.code)

const refused = async (promise, code, what) => equal(await codeOf(promise), code, what)

const thrown = (run, code, what) => {
  try {
    run()
  } catch (err) {
    return equal(err.code, code, what)
  }
  throw new Error(`${what} was accepted`)
}

const record = n => ({ n, text: 'é\n☃"\\'.repeat(n % 50), tags: [null, n % 3 === 0, { deep: n }] })

/** A generator that gives the same numbers for the same seed. */
function random (seed) {
  return n => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return (seed >>> 8) % n
  }
}

export const cases = {
  async 'appends answer seqs, in order, after since has moved' ({ open }) {
    const db = open()
    const answers = []
    const heard = []
    db.since(seq => heard.push(seq))
    const note = (err, seq) => answers.push([err, seq, db.since.value >= seq])
    db.append(record(0), note)
    db.append([record(1), record(2)], note)
    db.append([], note)
    const promised = db.append(record(3))
    db.append([record(4)], note)
    equal(await promised, 3)
    equal(await db.append([]), 4)
    equal(answers, [[null, 0, true], [null, 2, true], [null, 2, true], [null, 4, true]])
    equal(heard, [-1, 4])
    equal(await db.get(2), record(2))
    await db.close()
  },

  async 'stats tell how much there is' ({ open }) {
    const db = open()
    equal(await db.stats(), { records: 0, since: -1, deleted: 0, segments: 0, bytes: 0, viewBytes: 0 })
    for (let n = 0; n < 300; n += 3) await db.append([record(n), record(n + 1), record(n + 2)])
    // Segments may be merged meanwhile.
    for (let same = false; !same; ) {
      const before = await db.verify()
      const { records, since, segments, bytes } = await db.stats()
      equal([records, since], [300, 299])
      same = before.segments === (await db.verify()).segments
      if (same) equal([segments, bytes], [before.segments, before.bytes])
    }
    equal(await new Promise((resolve, reject) => db.stats((err, stats) => err ? reject(err) : resolve(stats.records))), 300)
    await db.close()
    await refused(Promise.resolve().then(() => db.stats()), 'CLOSED', 'stats of a closed log')
  },

  async 'storage tells how much room there is, as far as the host says' ({ Flume, Log, open }) {
    const db = open()
    await db.append(Array.from({ length: 100 }, () => 'x'.repeat(10_000)))
    const { usage, quota, persisted } = await db.storage()
    const told = typeof process === 'object' || !!navigator.storage?.estimate
    equal([typeof usage, typeof quota, typeof persisted], told ? ['number', 'number', 'boolean'] : ['undefined', 'undefined', 'undefined'])
    if (told && !(usage > 0 && quota > usage)) throw new Error(`there are ${usage} bytes of ${quota}`)
    equal(typeof (await new Promise((resolve, reject) => db.storage({}, (err, storage) => err ? reject(err) : resolve(storage)))).usage, typeof usage)
    await refused(db.storage({ keep: true }), 'INVALID_OPTION', 'an unknown option')
    await db.close()
    await refused(Promise.resolve().then(() => db.storage()), 'CLOSED', 'storage of a closed log')
    const memory = Flume(Log.memory())
    await memory.append('x'.repeat(1000))
    equal(await memory.storage({ persist: true }), { usage: (await memory.stats()).bytes, quota: undefined, persisted: false })
    await memory.close()
  },

  async 'a value is taken as it is when it is appended' ({ open }) {
    const db = open()
    const value = { n: 1 }
    const appended = db.append(value)
    value.n = 2
    await appended
    equal(await db.get(0), { n: 1 })
    await db.close()
  },

  async 'what JSON cannot hold is refused, and with it all of its batch' ({ open }) {
    const db = open()
    await db.append(1)
    const cycle = {}
    cycle.cycle = cycle
    const bad = { undefined: undefined, function: () => {}, symbol: Symbol('s'), bigint: 10n, cycle, 'toJSON of undefined': { toJSON () {} }, thrower: { toJSON () { throw new Error('no') } } }
    for (const [name, value] of Object.entries(bad)) {
      await refused(db.append(value), 'INVALID_RECORD', name)
      await refused(db.append([2, value, 3]), 'INVALID_RECORD', `a batch with ${name}`)
      await refused(new Promise((resolve, reject) => db.append(value, (err, seq) => err ? reject(err) : resolve(seq))), 'INVALID_RECORD', `${name} with a callback`)
    }
    equal(await db.append([null, false, 0, '', [], {}]), 6)
    equal(await db.stream({ seqs: false }).collect(), [1, null, false, 0, '', [], {}])
    await db.close()
  },

  async 'streams of every kind of range are those of an array' ({ open, reopen }) {
    let db = open()
    const model = []
    for (let n = 0; n < 3000;) {
      const batch = Array.from({ length: n % 700 === 0 ? 600 : 1 + n % 7 }, (_, i) => record(n + i))
      await db.append(batch)
      model.push(...batch)
      n += batch.length
    }
    const last = model.length - 1
    const rand = random(7)
    const some = () => rand(5) ? rand(model.length + 20) - 10 : [-1, 0, last, last + 1, 0.5, Infinity, -Infinity][rand(7)]
    for (let i = 0; i < 120; i++) {
      if (i === 60) db = await reopen(db)
      const options = { cache: rand(2) === 1 }
      for (const bound of ['gt', 'gte', 'lt', 'lte']) if (!rand(3)) options[bound] = some()
      if (!rand(2)) options.reverse = true
      if (!rand(3)) options.limit = rand(40) - 5
      if (!rand(3)) options.seqs = false
      if (!rand(4)) options.values = false
      const { gt, gte, lt, lte, reverse, limit, seqs, values } = options
      let want = model.map((value, seq) => ({ seq, value }))
      // Of two bounds on one side, the inclusive one counts.
      want = want.filter(({ seq }) => (gte !== undefined ? seq >= gte : gt === undefined || seq > gt) && (lte !== undefined ? seq <= lte : lt === undefined || seq < lt))
      if (reverse) want.reverse()
      if (limit > 0) want.length = Math.min(limit, want.length)
      equal(await db.stream(options).collect(), seqs === false ? want.map(item => item.value) : values === false ? want.map(item => item.seq) : want, JSON.stringify(options))
    }
    await db.close()
  },

  async 'live streams go on, old ones end, and all can be left' ({ open }) {
    const db = open()
    await db.append([0, 1, 2])
    const seen = []
    const live = (async () => { for await (const { value } of db.stream({ gt: 0, live: true, limit: 5 })) seen.push(value) })()
    const fresh = db.stream({ old: false, limit: 2, seqs: false }).collect()
    const bounded = db.stream({ live: true, lte: 4, values: false }).collect()
    await new Promise(resolve => setTimeout(resolve, 20))
    await db.append(3)
    await db.append([4, 5, 6])
    await live
    equal(seen, [1, 2, 3, 4, 5])
    equal(await fresh, [3, 4])
    equal(await bounded, [0, 1, 2, 3, 4])
    for await (const item of db.stream({ live: true })) if (item.seq === 6) break
    const stop = new AbortController()
    const aborted = db.stream({ live: true, gt: 6, signal: stop.signal }).collect()
    setTimeout(() => stop.abort(), 10)
    await refused(aborted, 'ABORTED', 'a stream whose signal fires')
    const open2 = db.stream({ live: true, gt: 6 }).collect()
    await new Promise(resolve => setTimeout(resolve, 5))
    await db.close()
    equal(await open2, [], 'a live stream when the database closes')
  },

  async 'seqs that no record can have' ({ open }) {
    const db = open()
    await db.append([1, 2, 3])
    for (const seq of [-1, 1.5, 3, 1e6, Number.MAX_SAFE_INTEGER, Infinity]) await refused(db.get(seq), 'NOT_FOUND', `get(${seq})`)
    for (const seq of [NaN, '1', null, undefined, {}]) await refused(db.get(seq), 'INVALID_OPTION', `get(${String(seq)})`)
    for (const options of [{ gt: '1' }, { lte: NaN }, { limit: {} }, { greater: 1 }]) thrown(() => db.stream(options), 'INVALID_OPTION', JSON.stringify(options))
    await db.close()
  },

  async 'after close everything says so' ({ open }) {
    const db = open()
    await db.append(1)
    await db.close()
    await db.close()
    equal(db.closed, true)
    await refused(db.append(2), 'CLOSED', 'append')
    await refused(db.get(0), 'CLOSED', 'get')
    await refused(db.verify(), 'CLOSED', 'verify')
    thrown(() => db.stream(), 'CLOSED', 'stream')
    thrown(() => db.append(2, () => {}), 'CLOSED', 'append with a callback')
  },

  async 'the binary codec keeps every byte, and records of none' ({ open, reopen }) {
    let db = open({ codec: 'binary' })
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const records = [new Uint8Array(), bytes, new Uint8Array(), bytes.subarray(10, 13), new TextEncoder().encode(',],[\n'), new Uint8Array(200_000).fill(7), new Uint8Array()]
    const appended = db.append(records[0])
    db.append(records.slice(1))
    await appended
    await refused(db.append('text'), 'INVALID_RECORD', 'text')
    await refused(db.append([bytes, 5]), 'INVALID_RECORD', 'a batch with a number')
    for (let round = 0; round < 2; round++) {
      const back = await db.stream({ seqs: false }).collect()
      equal(back.map(b => [...b.subarray(0, 300)]), records.map(b => [...b.subarray(0, 300)]), 'the stream')
      for (let seq = 0; seq < records.length; seq++) {
        const got = await db.get(seq)
        equal([got.length, got instanceof Uint8Array, got[got.length - 1]], [records[seq].length, true, records[seq].at(-1)], `record ${seq}`)
      }
      equal((await db.stream({ seqs: false, reverse: true, gt: 1, lt: 5 }).collect()).map(b => b.length), [5, 3, 0])
      db = await reopen(db, { codec: 'binary' })
    }
    await db.close()
  },

  async 'a codec of one\'s own, of text or bytes, and one that throws' ({ open }) {
    const text = open({ codec: { encode: value => `<${value}>\n`, decode: bytes => new TextDecoder().decode(bytes).slice(1, -2) } })
    await text.append(['a', '', 'ß\n☃'])
    equal(await text.stream({ seqs: false }).collect(), ['a', '', 'ß\n☃'])
    equal(await text.get(2), 'ß\n☃')
    await text.close()
    const failing = open({ codec: { encode: value => { if (value === 'bad') throw new Error('never'); return new Uint8Array([value]) }, decode: bytes => { if (bytes[0] === 2) throw new Error('odd'); return bytes[0] } } })
    await failing.append([1, 2, 3])
    await refused(failing.append('bad'), 'INVALID_RECORD', 'what cannot be encoded')
    await refused(failing.get(1), 'INVALID_RECORD', 'what cannot be decoded')
    equal(await failing.get(2), 3)
    await refused(failing.stream().collect(), 'INVALID_RECORD', 'a stream over it')
    await failing.close()
  },

  async 'a log of another codec is not taken for JSON' ({ open, reopen }) {
    let db = open({ codec: 'binary' })
    await db.append(new TextEncoder().encode('not json'))
    db = await reopen(db)
    await refused(db.get(0), 'INVALID_RECORD', 'get')
    await refused(db.stream().collect(), 'INVALID_RECORD', 'stream')
    await db.close()
  },

  async 'records of 64 MiB' ({ open, reopen }) {
    let db = open({ codec: 'binary' })
    const large = new Uint8Array(64 << 20)
    for (let i = 0; i < large.length; i += 997) large[i] = i
    equal(await db.append([new Uint8Array([1]), large, new Uint8Array([2])]), 2)
    await refused(db.append([new Uint8Array([3]), new Uint8Array((256 << 20) + 1)]), 'INVALID_RECORD', 'a record of more than 256 MiB')
    equal(await db.append(new Uint8Array([3])), 3)
    db = await reopen(db, { codec: 'binary' })
    const back = await db.get(1)
    equal(back.length, large.length)
    for (let i = 0; i < large.length; i += 997) if (back[i] !== large[i]) throw new Error(`byte ${i} is ${back[i]}`)
    equal((await db.stream({ seqs: false }).collect()).map(b => b.length), [1, 64 << 20, 1, 1])
    await db.close()
    const texts = open()
    const text = 'wide ☃ '.repeat((64 << 20) / 9)
    await texts.append([text, 1])
    equal(await texts.get(1), 1)
    if (await texts.get(0) !== text) throw new Error('a text of 64 MiB came back otherwise')
    await texts.close()
  },

  async 'a Reduce view is restored where it was, and built anew for another version' ({ Reduce, open, reopen }) {
    let calls = 0
    const sum = version => Reduce(version, (acc, value) => { calls++; return (acc ?? 0) + value })
    let db = open().use('sum', sum(1))
    await Promise.all(Array.from({ length: 500 }, (_, i) => db.append(i)))
    equal(await db.sum.get(), 124750)
    equal(calls, 500)
    calls = 0
    db = (await reopen(db)).use('sum', sum(1))
    equal(await db.sum.get(), 124750)
    equal(calls, 0, 'records reduced again')
    await db.append(1)
    equal(await db.sum.get(), 124751)
    equal(calls, 1, 'records reduced after one more')
    calls = 0
    db = (await reopen(db)).use('sum', sum(2))
    equal(await db.sum.get(), 124751)
    equal(calls, 501, 'records reduced for another version')
    const progress = []
    db.progress.subscribe(p => progress.push(p))
    await db.rebuild()
    equal(await db.sum.get(), 124751)
    equal(progress.at(-1).view, 'sum')
    await db.close()
  },

  async 'verify counts what is there and tells how far it is' ({ open }) {
    const db = open()
    for (let i = 0; i < 40; i++) await db.append(Array.from({ length: 50 }, (_, j) => record(i * 50 + j)))
    const heard = []
    const report = await db.verify({ onProgress: (done, total) => heard.push([done, total]) })
    equal([report.records, report.damage], [2000, []])
    if (!(report.segments > 0 && report.bytes > 100_000)) throw new Error(`the report is ${JSON.stringify(report)}`)
    equal(heard.at(-1), [2000, 2000])
    await db.close()
  },

  async 'one record at a time, enough to be merged' ({ open, reopen }) {
    let db = open()
    for (let i = 0; i < 400; i++) equal(await db.append(record(i)), i)
    for (let round = 0; round < 2; round++) {
      equal(await db.stream({ seqs: false }).collect(), Array.from({ length: 400 }, (_, i) => record(i)))
      for (let i = 0; i < 400; i += 37) equal(await db.get(i), record(i))
      equal((await db.verify()).damage, [])
      db = await reopen(db)
    }
    await db.close()
  },

  async 'options of a log are checked' ({ Log }) {
    thrown(() => Log('x', { durable: true }), 'INVALID_OPTION', 'an unknown option')
    thrown(() => Log('x', { durability: 'very' }), 'INVALID_OPTION', 'an unknown durability')
    thrown(() => Log('x', { codec: 'xml' }), 'INVALID_OPTION', 'an unknown codec')
    thrown(() => Log(''), 'INVALID_OPTION', 'no name')
    thrown(() => Log(), 'INVALID_OPTION', 'no name at all')
    try {
      Log('x', { durable: true })
    } catch (err) {
      for (const known of ['durable', 'durability', 'codec', 'wasm', 'signal']) if (!err.message.includes(known)) throw new Error(`the error does not name ${known}: ${err.message}`)
    }
  },

  async 'a log without a database on it' ({ Log, name }) {
    const log = Log(name())
    equal(await log.append(['a', 'b']), 1)
    equal(await log.append('c'), 2)
    const get = seq => new Promise((resolve, reject) => log.get(seq, (err, value) => err ? reject(err) : resolve(value)))
    equal(await get(1), 'b')
    for (const seq of [-1, 3, NaN, 0.5, '1', undefined]) await refused(get(seq), 'NOT_FOUND', `get(${String(seq)})`)
    equal(await log.stream({ seqs: false, reverse: true }).collect(), ['c', 'b', 'a'])
    const stop = new AbortController()
    const aborted = log.stream({ live: true, signal: stop.signal }).collect()
    stop.abort()
    await refused(aborted, 'ABORTED', 'a stream whose signal fires')
    equal((await log.verify()).records, 3)
    await new Promise(resolve => log.close(resolve))
    await refused(log.append('d'), 'CLOSED', 'append')
    await refused(get(0), 'CLOSED', 'get')
  },

  async 'deleted records are gone, and their seqs stay' ({ open, reopen, Reduce }) {
    let db = open()
    await db.append(Array.from({ length: 300 }, (_, n) => record(n)))
    for (let n = 300; n < 320; n++) await db.append(record(n))
    const gone = new Set()
    const next = random(7)
    const check = async () => {
      const left = Array.from({ length: 320 }, (_, n) => n).filter(n => !gone.has(n))
      equal((await db.stream().collect()).map(({ seq, value }) => [seq, value.n]), left.map(n => [n, n]), 'a stream')
      equal((await db.stream({ reverse: true, gt: 10, seqs: false }).collect()).map(({ n }) => n), left.filter(n => n > 10).reverse(), 'a stream in reverse')
      equal((await db.stream({ limit: 250, seqs: false }).collect()).map(({ n }) => n), left.slice(0, 250), 'a stream with a limit')
      equal(await db.stream({ values: false }).collect(), Array.from({ length: 320 }, (_, n) => n), 'bare seqs, as in flumelog-offset')
      for (const n of [0, 5, 150, 299, 300, 319]) gone.has(n) ? await refused(db.get(n), 'DELETED', `get(${n})`) : equal((await db.get(n)).n, n)
      const stats = await db.stats()
      equal([stats.records, stats.deleted, stats.since], [320, gone.size, 319], 'stats')
      equal((await db.verify()).damage, [], 'damage')
    }
    for (let round = 0; round < 4; round++) {
      const seqs = Array.from({ length: 40 }, () => next(320)).concat(round === 2 ? [0, 1, 2, 319] : [])
      for (const seq of seqs) gone.add(seq)
      if (round) await db.del(seqs)
      else await new Promise((resolve, reject) => db.del(seqs, err => err ? reject(err) : resolve()))
      await check()
    }
    await db.del(5)
    gone.add(5)
    await db.del([])
    for (const bad of [320, -1, 0.5, '1', null]) await refused(db.del([7, bad]), 'NOT_FOUND', `del(${String(bad)})`)
    await check()
    const heard = []
    const before = (await db.stats()).bytes
    const freed = await db.compact({ onProgress: (done, total) => heard.push([done, total]) })
    equal(freed, before - (await db.stats()).bytes, 'what compact says it has freed')
    if (heard.length) equal(heard.at(-1), [320, 320], 'the end of compacting')
    await check()
    db = await reopen(db)
    await check()
    equal(await db.append(record(320)), 320)
    await db.close()
  },

  async 'a view that looks up a deleted record learns it as in flumelog-offset' ({ open }) {
    const db = open()
    let log
    db.use('seen', (viewLog, name) => {
      log = viewLog
      const since = Object.assign(fn => fn, { once: fn => fn(-1), value: -1, set () {} })
      return { since, methods: {}, createSink: () => ({ sink (read) { read(true, () => {}) } }), destroy: cb => cb(), close: (_err, cb) => cb?.() }
    })
    await db.append(['a', 'b'])
    await db.del(0)
    const err = await new Promise(resolve => log.get(0, resolve))
    equal(err?.code, 'flumelog:deleted')
    await db.close()
  },

  async 'a view may have the name of what flumedb has not' ({ open, Reduce }) {
    const db = open().use('stats', Reduce(1, acc => (acc ?? 0) + 1)).use('progress', Reduce(1, acc => (acc ?? 0) + 1))
    await db.append([1, 2])
    equal(await db.stats.get(), 2)
    equal(await db.progress.get(), 2)
    thrown(() => db.use('stats', Reduce(1, acc => acc)), 'INVALID_OPTION', 'a name that is taken')
    thrown(() => db.use('append', Reduce(1, acc => acc)), 'INVALID_OPTION', 'a name of flumedb')
    await db.close()
  },

  async 'opening can be given up' ({ Flume, Log, name }) {
    const stop = new AbortController()
    stop.abort()
    const db = Flume(Log(name(), { signal: stop.signal }))
    await refused(db.append(1), 'ABORTED', 'append')
    await refused(db.get(0), 'ABORTED', 'get')
    await refused(db.stream().collect(), 'ABORTED', 'stream')
    await db.close()
  },

  async 'a log in memory' ({ Flume, Log, Reduce }) {
    const db = Flume(Log.memory()).use('count', Reduce(1, acc => (acc ?? 0) + 1))
    await db.append([1, 2, 3])
    equal(await db.count.get(), 3)
    equal(await db.stream({ seqs: false, reverse: true }).collect(), [3, 2, 1])
    await db.close()
  }
}

/** Runs one case. `name` gives a name for a new log, and those given are the caller's to delete. */
export async function run (title, { Flume, Log, Reduce, name }) {
  let last
  const open = options => Flume(Log(last = name(), options))
  const reopen = async (db, options) => {
    await db.close()
    return Flume(Log(last, options))
  }
  await cases[title]({ Flume, Log, Reduce, name, open, reopen })
}
