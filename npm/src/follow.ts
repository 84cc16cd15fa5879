import { type Obv } from './obv.js'
import { type End, type PullSource } from './pull.js'
import { pullReader } from './readers.js'
import { type BatchReader } from './source.js'

type Answer<M> = (end: End | null, items?: M[]) => void

/** Live streams of what a view applies. */
export interface Followers<M> {
  /** The view applies a record, of which `item` is made; null is none. To be called before its `since` moves. */
  give(seq: number, item: M): void
  /** The view has gone on without being given the records between. To be called after its `since` has moved. */
  leap(): void
  /** The view stops. */
  fail(err: Error): void
  /** One more stream, of what `first` gives when it begins and, with `live`, of items from then on. */
  follow(first: () => M, live: boolean): BatchReader<M>
}

/**
 * A follower that is asking is handed each item as the view applies it. One that is not asking is kept nothing for: when it
 * asks again, `read` gives it what it has missed, after one seq and through another, from the log. A rebuild repeats
 * nothing.
 */
export function createFollowers<M>(since: Obv<number>, read: (after: number, to: number) => PullSource<M>): Followers<M> {
  const asking = new Map<{ at: number; next(cb: Answer<M>): void }, Answer<M>>()
  let failure: Error | undefined

  return {
    give(seq, item) {
      failure = undefined
      for (const [follower, cb] of asking) {
        if (seq <= follower.at) continue
        follower.at = seq
        if (item == null) continue
        asking.delete(follower)
        cb(null, [item])
      }
    },
    leap() {
      for (const [follower, cb] of asking) {
        asking.delete(follower)
        follower.next(cb)
      }
    },
    fail(err) {
      failure = err
      for (const [follower, cb] of asking) {
        asking.delete(follower)
        cb(err)
      }
    },
    follow(first, live) {
      let begun = false
      let missed: BatchReader<M> | undefined
      let to: number
      const next = (cb: Answer<M>): void => {
        if (!begun) {
          begun = true
          follower.at = since.value!
          return cb(null, [first()])
        }
        if (!live) return cb(true)
        if (!missed && since.value! > follower.at) missed = pullReader(read(follower.at, (to = since.value!)))
        if (!missed) return failure ? cb(failure) : void asking.set(follower, cb)
        missed.next((end, items) => {
          if (end !== true) return cb(end, items)
          missed = undefined
          follower.at = to
          next(cb)
        })
      }
      const follower = { at: 0, next }
      return {
        next,
        close(end, cb) {
          asking.delete(follower)
          if (missed) missed.close(end, cb)
          else cb?.()
        }
      }
    }
  }
}
