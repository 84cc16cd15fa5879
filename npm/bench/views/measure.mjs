// What is timed of views, the same for every peer and host. A peer has
//
//   fill(place, values)          appends; no view is there
//   openLog(place)               {append(value), close()}, without any view
//   ways                         its kinds of views by name, each with open(place, generation), and where many would take
//                                too long, the number of its appends
//
// and a view, opened, has those that it can of
//
//   newest(author, limit)        the newest records of an author, newest first
//   counts()                     how many records of each type
//   countOf(type)                how many of one type
//   totals()                     {count, sum of sequence} for each type
//   append(value)
//   discard()                    optional: removes what was built, outside the clock
//   close()
//
// Ours has openWith(place, {views, generation}) too, with five views or none.
//
// A generation is a number that was never used at that place: what is opened finds nothing that was built before. Answers
// are checked outside of the clock, and a wrong one throws.

import { settle } from '../operations.mjs'
import { NEWEST, checkCounts, checkNewest, checkTotals, same } from './expected.mjs'

// Where nothing is built, a log of this many records is enough to append to.
const ALONE = 10_000
const BUILDS = 3
const ROUNDS = 12
const WARM_UP_ROUNDS = 500
const WARM_UP_MS = 400
const APPENDS = 150
const APPENDS_TO_WARM_UP = 30
const REOPENINGS = 5
const CAUGHT_UP = 0

// Records that one job appends.
export const MOST_APPENDS = APPENDS + APPENDS_TO_WARM_UP

export function measureViews(peer, job, input, watch) {
  return JOBS[job.operation](peer, job, input, watch)
}

const JOBS = {
  async 'views: fill'(peer, { place, count }, input) {
    const values = (await input.values()).slice(0, count)
    await peer.fill(place, values)
    await peer.fill(`${place}-alone`, values.slice(0, ALONE))
    if (peer.openWith) {
      const db = peer.openWith(place, { views: true, generation: CAUGHT_UP })
      await db.caughtUp()
      // A state is written when there has been nothing to do for a while, and by close as it is then.
      await new Promise((resolve) => setTimeout(resolve, 3000))
      await db.close()
    }
    return {}
  },

  // From opening the log until the first answer of a view that was never there, several times; then warm reads. The
  // package has been started before, with a log that has no view.
  async 'views: build'(peer, { place, way, does, generation, expected }) {
    await (await peer.openLog(`${place}-alone`)).close()
    const builds = []
    let db
    for (let i = 0; i < BUILDS; i++) {
      await settle()
      const start = performance.now()
      db = await peer.ways[way].open(place, generation + i)
      const answer = does.includes('totals') ? await db.totals() : await db.newest(expected.newest[0].author, NEWEST)
      builds.push(performance.now() - start)
      if (does.includes('totals')) checkTotals(answer, expected)
      else checkNewest(answer, expected.newest[0])
      if (i < BUILDS - 1) await leave(db)
    }
    const reads = {}
    if (does.includes('newest')) reads.newest = await sampleNewest(db, expected)
    if (does.includes('counts')) reads.counts = await sampleCounts(db, expected)
    if (does.includes('countOf')) reads.countOf = await sampleCountOf(db, expected)
    await leave(db)
    return { builds, reads }
  },

  // One record appended and the view read, in turns with one appended to a log without any view.
  async 'views: append'(peer, { place, way, does, generation, count, appended }, input) {
    const values = (await input.values()).slice(count + appended)
    const log = await peer.openLog(`${place}-alone`)
    const db = await peer.ways[way].open(place, generation)
    const counted = does.includes('counts') ? () => db.counts() : async () => mapValues(await db.totals(), ({ count }) => count)
    const ofAuthor = does.includes('newest')
    const counts = ofAuthor ? undefined : { ...(await counted()) }
    const samples = { appendAlone: [], appendRead: [] }
    const number = peer.ways[way].appends ?? APPENDS
    const toWarmUp = Math.min(APPENDS_TO_WARM_UP, number)
    for (let i = 0; i < toWarmUp + number; i++) {
      const value = values[i]
      const start = performance.now()
      await log.append(value)
      const middle = performance.now()
      await db.append(value)
      const answer = ofAuthor ? await db.newest(value.author, 1) : await counted()
      const end = performance.now()
      if (i >= toWarmUp) {
        samples.appendAlone.push(middle - start)
        samples.appendRead.push(end - middle)
      }
      if (ofAuthor) same(answer, [value], 'the record just appended')
      else {
        counts[value.content.type]++
        same(answer, counts, 'counts by type, the record just appended among them')
      }
    }
    await leave(db)
    await log.close()
    return { samples, appended: toWarmUp + number }
  },

  // With five views that have caught up before, or with none, until the newest record is read and the views could answer.
  async 'views: reopen'(peer, { place, views }) {
    const samples = []
    for (let round = 0; round < REOPENINGS; round++) {
      await settle()
      const start = performance.now()
      const db = peer.openWith(place, { views, generation: CAUGHT_UP })
      await db.newest()
      await db.caughtUp()
      samples.push(performance.now() - start)
      await db.close()
    }
    return { samples }
  },

  // Five views that were never there, and `watch` looks at how long the page is kept from anything else.
  async 'views: rebuild'(peer, { place, generation }, _input, watch) {
    await settle()
    const stop = watch()
    const start = performance.now()
    const db = peer.openWith(place, { views: true, generation })
    await db.caughtUp()
    const ms = performance.now() - start
    const seen = await stop()
    await db.close()
    return { ms, ...seen }
  },
}

async function sampleNewest(db, { newest }) {
  return sample(newest, ({ author }) => db.newest(author, NEWEST), checkNewest)
}

async function sampleCounts(db, expected) {
  return sample(Array(4).fill(expected), () => db.counts(), checkCounts)
}

async function sampleCountOf(db, { types }) {
  return sample(Object.entries(types), ([type]) => db.countOf(type), (answer, [type, { count }]) => same(answer, count, `the count of ${type}`))
}

async function sample(questions, ask, check) {
  const samples = []
  // Warm is what has run often enough that it will not become faster, or long enough.
  for (let round = 0, since = performance.now(); round === 0 || (round < WARM_UP_ROUNDS && performance.now() - since < WARM_UP_MS); round++) {
    for (const question of questions) check(await ask(question), question)
  }
  await settle()
  for (let round = 0; round < ROUNDS; round++) {
    for (const question of questions) {
      const start = performance.now()
      const answer = await ask(question)
      samples.push(performance.now() - start)
      check(answer, question)
    }
  }
  return samples
}

async function leave(db) {
  await db.discard?.()
  await db.close()
}

function mapValues(object, map) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]))
}
