// Compiled, not run: what a user writes has the types a user expects, and what is wrong does not compile.

import { from, type Observable } from 'rxjs'
import {
  Bloom,
  Flume,
  Hashtable,
  Log,
  Reduce,
  Search,
  type Callback,
  type CreateView,
  type FlumeError,
  type FlumeLog,
  type Health,
  type ImportResult,
  type Item,
  type MountedView,
  type Obv,
  type Progress,
  type PullSource,
  type Source,
  type View,
  type ViewStatus,
  createObv
} from '../../src/index.js'

/** Whether two types are the same, `any` told apart from all others. */
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
declare function same<A, B>(yes: Same<A, B>): void

interface Flight {
  delay: number
  origin: string
}
declare const log: FlumeLog<Flight>
declare const untyped: any

const db = Flume(log)
  .use('mapped', Reduce(1, (acc: string | undefined, origin: string) => origin, (flight: Flight) => flight.origin))
  .use('delays', Reduce(1, (acc: number | undefined, flight) => (acc ?? 0) + flight.delay))
  .use('total', Reduce(2, { reduce: (acc, flight) => acc + flight.delay, initial: 0 }))
  .use('origins', Reduce(1, {
    map: (flight: Flight) => flight.origin,
    reduce: (acc: Record<string, number>, origin) => ({ ...acc, [origin]: (acc[origin] ?? 0) + 1 }),
    initial: {} as Record<string, number>
  }))
  .use('positional', Reduce(1, (acc, flight) => acc + flight.delay, null, null, 0))

const exported = db.export()

async function reads() {
  same<typeof db.closed, boolean>(true)
  same<Awaited<ReturnType<typeof db.append>>, void>(true) // the callback form is the last overload
  const seq = await db.append({ delay: 1, origin: 'a' })
  same<typeof seq, number>(true)
  const many = await db.append([{ delay: 1, origin: 'a' }])
  same<typeof many, number>(true)
  db.append({ delay: 1, origin: 'a' }, (err, seq) => {
    same<typeof err, Error | null>(true)
    same<typeof seq, number>(true)
  })
  const flight = await db.get(0)
  same<typeof flight, Flight>(true)
  db.get(0, (_err, flight) => same<typeof flight, Flight>(true))

  const imported = await db.import('log.offset', { format: 'flumelog-offset', onProgress: ({ bytes, totalBytes, eta }) => {
    same<typeof bytes, number>(true)
    same<typeof totalBytes, number | undefined>(true)
    same<typeof eta, number | undefined>(true)
  } })
  same<typeof imported.records, number>(true)
  same<typeof imported, ImportResult>(true)
  db.import(new Blob([]), { codec: { decode: bytes => ({ delay: bytes.length, origin: 'a' }) } })
  db.import(new Response('').body!)
  db.import(new File([], 'a'))
  db.import((async function* () { yield 'text' })())
  db.import(db.export())
  // @ts-expect-error no such format
  db.import('log.offset', { format: 'csv' })
  // @ts-expect-error its records are of another type
  db.import('log.offset', { codec: { decode: () => 1 } })
  // @ts-expect-error neither a path nor bytes
  db.import(42)
  same<typeof exported, Source<Uint8Array>>(true)
  for await (const bytes of db.export({ gt: 1, seqs: true })) same<typeof bytes, Uint8Array>(true)
  // @ts-expect-error an export has values
  db.export({ values: false })
  const { usage, quota, persisted } = await Flume(Log.memory<Flight>()).storage({ persist: true })
  same<typeof usage, number | undefined>(true)
  same<typeof quota, number | undefined>(true)
  same<typeof persisted, boolean | undefined>(true)
  const ours = Flume(Log.memory<Flight>())
  same<typeof ours.health, Obv<Health>>(true)
  ours.health(({ state, at, error, step, freed }) => {
    same<typeof state, 'ok' | 'rescuing' | 'full' | 'reopening' | 'failed' | 'lost'>(true)
    same<typeof at, number>(true)
    same<typeof error, FlumeError | undefined>(true)
    same<typeof step, 'compact' | 'checkpoints' | 'views' | undefined>(true)
    same<typeof freed, number | undefined>(true)
  })
  // @ts-expect-error another's log tells nothing of that
  db.health
  const { records, since, segments, bytes, viewBytes } = await Flume(Log.memory<Flight>()).stats()
  same<[typeof records, typeof since, typeof segments, typeof bytes, typeof viewBytes], [number, number, number, number, number]>(true)

  // @ts-expect-error a record of another type
  db.append({ delay: 'late', origin: 'a' })
  // @ts-expect-error one of them is
  db.append([{ delay: 1, origin: 'a' }, { delay: 1 }])
  // @ts-expect-error seqs are numbers
  db.get('0')

  same<typeof db.since, Obv<number>>(true)
  same<typeof db.since.value, number | undefined>(true)
  // @ts-expect-error only the log sets it
  db.since.set(1)
  db.ready.set(true)
  same<typeof db.progress, Obv<Progress>>(true)
  db.progress.subscribe(p => same<typeof p.eta, number | undefined>(true))

  await db.rebuild()
  await db.rebuild(['delays', 'total'])
  db.rebuild(['delays'], err => same<typeof err, Error | null>(true))
  db.rebuild(err => same<typeof err, Error | null>(true))
  // @ts-expect-error no such view
  await db.rebuild(['delay'])
  // @ts-expect-error names are an array
  await db.rebuild('delays')
  for (const status of db.views) same<typeof status, ViewStatus>(true)
  same<typeof db.views.total, typeof db.total>(true)
  same<typeof db.views.total.status.bytes, number | undefined>(true)
  const unknown: MountedView = db.views['a name known at run time']
  await Flume(untyped).rebuild(['any'])
  await db.close()
  db.close(err => same<typeof err, Error | null>(true))
}

async function together() {
  const both = await db.read(['total', 'origins'], async (total, origins) => {
    same<typeof total.seq, number>(true)
    const [sum, groups] = await Promise.all([total.get(), origins.get()])
    same<typeof groups, Record<string, number>>(true)
    // @ts-expect-error what is held does not move
    total.since
    // @ts-expect-error no such method
    total.query()
    return [sum, groups.SFO] as const
  }, { signal: new AbortController().signal })
  same<typeof both, readonly [number, number]>(true)
  const plain = await db.read(['total'], () => 'done')
  same<typeof plain, string>(true)
  db.read(['total'], total => total.get(), (err, value) => {
    same<typeof err, Error | null>(true)
    same<typeof value, number>(true)
  })
  // @ts-expect-error no such view
  db.read(['totals'], () => 1)
  // @ts-expect-error no such option
  db.read(['total'], () => 1, { since: 1 })
  await Flume(untyped).read(['any', 'other'], async (any, other) => (await any.get()) + (await other.query()))
}

async function streams() {
  for await (const item of db.stream({ gt: 10, live: true, signal: new AbortController().signal }))
    same<typeof item, Item<Flight>>(true)
  for await (const { seq, value } of db.stream()) {
    same<typeof seq, number>(true)
    same<typeof value, Flight>(true)
  }
  for await (const value of db.stream({ seqs: false })) same<typeof value, Flight>(true)
  for await (const seq of db.stream({ values: false })) same<typeof seq, number>(true)
  for await (const batch of db.stream({ seqs: false }).batches()) same<typeof batch, Flight[]>(true)
  const all = await db.stream({ seqs: false, values: false }).collect()
  same<typeof all, Flight[]>(true)
  same<ReturnType<Source<Flight>['toReadableStream']>, ReadableStream<Flight>>(true)
  const rx = from(db.stream({ seqs: false }))
  same<typeof rx, Observable<Flight>>(true)
  const since = from(db.since)
  same<typeof since, Observable<number>>(true)
  const pull: PullSource<Item<Flight>> = db.stream()
  pull(null, (_end, item) => same<typeof item, Item<Flight> | undefined>(true))
  db.stream().subscribe({ next: item => same<typeof item, Item<Flight>>(true), complete() {} }).unsubscribe()
  // @ts-expect-error unknown option
  db.stream({ gtt: 1 })
  // @ts-expect-error unknown option beside a known one
  db.stream({ gt: 1, reversed: true })
  // @ts-expect-error bounds are numbers
  db.stream({ gt: '1' })
}

async function views() {
  const delays = await db.delays.get()
  same<typeof delays, number | undefined>(true)
  const total = await db.total.get()
  same<typeof total, number>(true)
  const origins = await db.origins.get()
  same<typeof origins, Record<string, number>>(true)
  const mapped = await db.mapped.get()
  same<typeof mapped, string | undefined>(true)
  const positional = await db.positional.get()
  same<typeof positional, number>(true)
  db.total.get((_err, value) => same<typeof value, number>(true))
  const meta = await db.total.get({ values: false })
  same<typeof meta.size, number | null>(true)
  const at = await db.total.get({ since: -1 })
  same<typeof at.value, number>(true)
  same<typeof at.stale, true | undefined>(true)
  const bare = await db.total.get({ since: -1, meta: false })
  same<typeof bare, number>(true)
  same<typeof db.total.value.value, number | undefined>(true)
  for await (const state of db.total.stream()) same<typeof state, number>(true)
  for await (const x of db.origins.stream({ live: true })) same<typeof x, string | Record<string, number>>(true)
  same<typeof db.total.since, Obv<number>>(true)
  db.total.ready(err => same<typeof err, Error | null>(true), 3)
  same<typeof db.views.total.name, string>(true)

  // @ts-expect-error no such view
  db.nothing
  // @ts-expect-error no such method
  db.total.query()
  // @ts-expect-error not of the state's type
  const wrong: string = await db.total.get()
  // @ts-expect-error since is a number
  db.total.get({ since: '1' })
  // @ts-expect-error the record has no such field
  Flume(log).use('x', Reduce(1, (acc: number | undefined, flight) => (acc ?? 0) + flight.speed))
  // @ts-expect-error the state is a number, the reducer makes a string
  Flume(log).use('x', Reduce(1, (acc: number | undefined, flight) => flight.origin))
  // @ts-expect-error initial is not of the state's type
  Flume(log).use('x', Reduce(1, { reduce: (acc: number, flight: Flight) => acc + flight.delay, initial: '0' }))
  // @ts-expect-error a reducer of other records
  Flume(log).use('x', Reduce(1, (acc: number | undefined, post: { likes: number }) => (acc ?? 0) + post.likes))
  // @ts-expect-error a map of other records
  Flume(log).use('x', Reduce(1, { map: (post: { likes: number }) => post.likes, reduce: (acc: number, n) => acc + n, initial: 0 }))
  // @ts-expect-error a view lacks its sink
  Flume(log).use('x', () => ({ since: createObv(-1), methods: {}, destroy() {}, close() {} }))
}

/** The README's way: nothing annotated. The state is then any, the record is not. */
async function readme() {
  const db = Flume(log).use('delays', Reduce(1, (acc, flight) => {
    same<typeof flight, Flight>(true)
    return (acc ?? 0) + flight.delay
  }))
  await db.delays.get()
}

/** A view written by a user, of flumedb's kind. */
interface ByOrigin extends View<Flight> {
  methods: { at: 'async'; count: 'async'; list: 'source'; size: 'sync' }
  at(origin: string, cb: Callback<Flight[]>): void
  count(cb: Callback<number>): void
  list(options?: { limit?: number }): Source<Flight>
  size(): number
}
declare const byOrigin: CreateView<Flight, ByOrigin>

async function ownView() {
  const db = Flume(log, true, (flight, cb) => {
    same<typeof flight, Flight>(true)
    cb(null, flight)
  }).use('byOrigin', byOrigin)
  const some = await db.byOrigin.at('a')
  same<typeof some, Flight[]>(true)
  db.byOrigin.at('a', (_err, flights) => same<typeof flights, Flight[]>(true))
  const count = await db.byOrigin.count()
  same<typeof count, number>(true)
  for await (const flight of db.byOrigin.list()) same<typeof flight, Flight>(true)
  same<ReturnType<typeof db.byOrigin.size>, number>(true)
  // @ts-expect-error origins are strings
  db.byOrigin.at(1)
  declare_(Flume(log).use('inline', (log, name) => {
    same<typeof name, string>(true)
    log.stream({ gt: -1 }).subscribe(item => same<typeof item, Item<Flight>>(true))
    return byOrigin(log, name)
  }).inline.size())
}
declare function declare_(n: number): void

/** A log with methods of its own: they are on the database with their types. */
interface Checked extends FlumeLog<Flight> {
  readonly methods: { verify: 'async' }
  verify(): Promise<boolean>
  verify(cb: Callback<boolean>): void
}
async function logMethods(checked: Checked) {
  const db = Flume(checked).use('n', Reduce(1, { reduce: n => n + 1, initial: 0 }))
  const ok: boolean = await db.verify()
  same<Awaited<ReturnType<typeof db.n.get>>, number>(true)
  // @ts-expect-error not a method of this log
  Flume(log).verify()
  return ok
}

/** A log without types. */
async function untypedLog() {
  const db = Flume(untyped).use('n', Reduce(1, { reduce: n => n + 1, initial: 0 }))
  await db.append('anything')
  const n = await db.n.get()
  same<typeof n, number>(true)
  const value = await db.get(0)
  value.whatever
}

async function hashtables() {
  const db = Flume(log)
    .use('byOrigin', Hashtable(1, 'origin'))
    .use('byBoth', Hashtable(1, ['origin', ['delay']]))
    .use('made', Hashtable(1, { key: (value: Flight, seq) => value.delay + seq }))
    .use('old', Hashtable(1, (key: string) => key.length, (value: Flight) => value.origin, 65536))
  same<Awaited<ReturnType<typeof db.byOrigin.get>>, Flight>(true)
  const flight = await db.byBoth.get(['SFO', 7], { since: 3 })
  same<typeof flight, Flight>(true)
  db.byOrigin.get('SFO', (err, flight, seq) => {
    same<typeof flight, Flight>(true)
    same<typeof seq, number>(true)
  })
  for await (const item of db.made.read({ key: 3, reverse: true, limit: 2 })) same<typeof item, Item<Flight>>(true)
  for await (const seq of db.made.read({ key: 3, values: false })) same<typeof seq, number>(true)
  for await (const value of db.old.read({ key: 'SFO', seqs: false, live: true })) same<typeof value, Flight>(true)
  const any = await Flume(untyped).use('x', Hashtable(1, true)).x.get(1)
  same<typeof any, any>(true)

  // @ts-expect-error no key
  Hashtable(1)
  // @ts-expect-error a read needs a key
  db.byOrigin.read({ reverse: true })
  // @ts-expect-error unknown option
  db.byOrigin.read({ key: 1, gt: 1 })
}

async function blooms() {
  const db = Flume(log)
    .use('byOrigin', Bloom(1, 'origin', { items: 10, probability: 0.01 }))
    .use('made', Bloom(1, (value: Flight) => value.delay))
  const has = await db.byOrigin.has('SFO')
  same<typeof has, boolean>(true)
  db.made.has(3, { since: -1 }, (err, has) => same<typeof has, boolean>(true))
  // @ts-expect-error unknown option
  Bloom(1, 'origin', { item: 10 })
}

async function searches() {
  const db = Flume(log)
    .use('all', Search(1))
    .use('origins', Search('2', { fields: ['origin', ['a', 'b']], minLength: 2 }))
    .use('made', Search(1, { map: (value: Flight) => value.origin }))
    .use('old', Search(1, 3, (value: Flight) => value.origin))
  for await (const value of db.all.query('fox')) same<typeof value, Flight>(true)
  for await (const value of db.old.query({ query: 'fox', limit: 3, live: true })) same<typeof value, Flight>(true)
  for await (const seq of db.made.query({ query: 'fox', values: false })) same<typeof seq, number>(true)
  for await (const found of db.origins.query({ query: 'fox', seqs: true, order: 'rank' })) {
    same<typeof found.value, Flight>(true)
    same<typeof found.score, number | undefined>(true)
  }
  for await (const found of db.origins.query({ query: 'fox', highlights: true })) {
    same<typeof found.value, Flight>(true)
    for (const { path, ranges } of found.highlights) {
      same<typeof path, (string | number)[]>(true)
      same<(typeof ranges)[0][1], number>(true)
    }
  }
  // @ts-expect-error there is no value
  for await (const found of db.all.query({ query: 'fox', seqs: true, values: false })) found.value
  // @ts-expect-error no such order
  db.all.query({ query: 'fox', order: 'best' })
  // @ts-expect-error unknown option
  Search(1, { field: 'a' })
}

function errors(err: FlumeError) {
  if (err.code === 'CORRUPT') same<typeof err.segment, string | undefined>(true)
  // @ts-expect-error no such code
  if (err.code === 'CORRUPTED') return
}

export { blooms, errors, hashtables, logMethods, ownView, readme, reads, searches, streams, untypedLog, views }
