// Compiled, not run: a client has the types of a database in the page.

import { from } from 'rxjs'
import { type Client, connect } from '../../src/client/index.js'
import { serve } from '../../src/service-worker/index.js'
import { type Health, type Item, type LogStorage, type Obv, type Source } from '../../src/index.js'

type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
declare function same<A, B>(yes: Same<A, B>): void

interface Note {
  text: string
}

// One object tells the worker and the page of the views.
const views = {
  moods: { kind: 'reduce', version: 1, options: { count: true } },
  byTime: { kind: 'level', version: 1, options: { keys: ['at'] } },
  words: { kind: 'search', version: 1 },
  seen: { kind: 'bloom', version: 1, options: { key: 'id' } },
  any: { kind: 'query', version: 1 }
} as const
serve({ name: 'notes', views })

async function typed() {
  const db = connect<Note, typeof views>('/db/', { views })
  const seq = await db.append({ text: 'one' })
  same<typeof seq, number>(true)
  const note = await db.get(seq)
  same<typeof note, Note>(true)
  db.get(seq, (_err, note) => same<typeof note, Note>(true))
  const stream = db.stream()
  same<typeof stream, Source<Item<Note>>>(true)
  const seqs = db.stream({ values: false })
  same<typeof seqs, Source<number>>(true)
  from(db.stream({ seqs: false })).subscribe(({ text }) => text)
  same<typeof db.since, Obv<number>>(true)
  same<typeof db.health, Obv<Health>>(true)
  const storage = await db.storage({ persist: true, signal: AbortSignal.timeout(1000) })
  same<typeof storage, LogStorage>(true)
  const found = await db.byTime.get(7)
  same<typeof found, Note>(true)
  for await (const { text } of db.words.query('one')) same<typeof text, string>(true)
  const has = await db.views.seen.has(1)
  same<typeof has, boolean>(true)
  db.moods.value(state => state)
  const { index } = await db.any.explain({ query: {} })
  same<typeof index, string | undefined>(true)
  // @ts-expect-error a search has no get
  db.words.get(1)
  // @ts-expect-error no such view
  db.none
  // @ts-expect-error no such option
  connect('/db/', { retries: 1 })
  // @ts-expect-error no such kind
  connect('/db/', { views: { x: { kind: 'y' } } })
  const plain: Client = connect()
  return plain.views
}

async function inferred() {
  const db = connect('/db/', { views: { moods: { kind: 'reduce' } } })
  await db.moods.get()
  await db.close()
}
