// What the types of Links let through, and what not.

import { Flume, Links, type LinksIndex, Log, type Obv, Reduce, type Source } from '../../src/index.js'

interface Post {
  author: string
  mentions: { link: string }[]
}

declare function same<A, B>(is: [A, B] extends [B, A] ? true : false): void

async function links() {
  const indexes = [{ key: 'SD', value: ['source', ['dest', 'id']] }] as const
  const db = Flume(Log<Post>('posts'))
    .use('links', Links(1, { indexes, links: { source: 'author', rel: { value: 'mentions' }, dest: { each: 'mentions', at: 'link' } } }))
    .use('made', Links(indexes, (post: Post, emit) => post.mentions.forEach(({ link }) => emit({ source: post.author, dest: link }))))
  const source = db.links.read<{ source: string }>({ query: [{ $filter: { source: { $prefix: 'a' } } }], live: true, limit: 3, unlinkedValues: true })
  same<typeof source, Source<{ source: string }>>(true)
  const { index } = await db.made.explain({ query: { source: 'a' } })
  same<typeof index, LinksIndex | undefined>(true)
  db.links.read()
  await db.links.get(['SD', 'a', 'b', 3])
  // @ts-expect-error no such option
  db.links.read({ seqs: true })
  // @ts-expect-error no such part
  Links(1, { indexes, links: { source: { every: 'author' } } })
}

void links

async function past() {
  const db = Flume(Log<Post>('posts'))
    .use('links', Links(1, { indexes: [{ key: 'S', value: ['source'] }] }), { history: 4 })
    .use('count', Reduce(1, { count: true }))
    .use('js', Reduce(1, (sum: number | undefined, post: Post) => (sum ?? 0) + post.mentions.length))
  const count = await db.count.at(3, { maxReplay: 1000 }).get()
  same<typeof count, number>(true)
  const { seq, name } = db.views.links.at(-1)
  same<[typeof seq, typeof name], [number, string]>(true)
  same<ReturnType<typeof db.count.at>['value'], Obv<number>>(true)
  db.links.at(0).read<{ source: string }>().collect()
  // @ts-expect-error it runs in JavaScript
  db.js.at(3)
  // @ts-expect-error no such option
  db.count.at(3, { most: 1 })
}

void past
