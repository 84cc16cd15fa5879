// What the types of Query let through, and what not.

import { Flume, type Item, Log, Query, type Source } from '../../src/index.js'

interface Post {
  author: string
  content: { type: string; text?: string }
}

declare function same<A, B>(is: [A, B] extends [B, A] ? true : false): void

async function queries() {
  const db = Flume(Log<Post>('posts')).use('query', Query(1, { indexes: [{ key: 'typ', value: [['content', 'type'], 'author'], exact: false }] }))
  const source = db.query.read<Post>({ query: [{ $filter: { author: { $prefix: 'a' }, content: { type: 'post' } } }], reverse: true, limit: 3 })
  same<typeof source, Source<Post>>(true)
  const counts = await db.query.read<{ type: string; count: number }>([{ $reduce: { type: ['content', 'type'], count: { $count: true } } }]).collect()
  same<typeof counts, { type: string; count: number }[]>(true)
  const items = await db.query.read<Post>({ query: { author: 'al' }, seqs: true }).collect()
  same<typeof items, Item<Post>[]>(true)
  db.query.read([false, null, { $sort: ['author', { $reverse: ['content', 'type'] }] }, { $map: 'author' }])
  db.query.read()
  const { scan, index, scores } = db.query.explain({ query: { author: { $in: ['a', 'b'] } } })
  same<typeof scan, true | undefined>(true)
  same<typeof index, string | undefined>(true)
  same<typeof scores, { [key: string]: number }>(true)
  db.query.add({ key: 'aut', value: ['author'] })
  // @ts-expect-error no such option
  db.query.read({ limits: 3 })
  // @ts-expect-error no such stage
  db.query.read([{ $match: {} }])
  // @ts-expect-error an index has paths
  Query(1, { indexes: [{ key: 'x' }] })
  // @ts-expect-error a type of JavaScript's, an array or null
  db.query.read([{ $filter: { author: { $is: 'text' } } }])
}

export { queries }
