import { type NativeCore } from './native-view.js'
import { type BatchReader } from './source.js'
import { isLive } from './stream-options.js'

interface Page {
  items: any[]
  /** The newest seq there was when the first page was asked for. */
  through: number
  /** Where the next page begins. */
  next?: unknown
  /** Whether the answers are of all records together, so that one more record may change each of them. */
  whole?: true
}

type Answer = Parameters<BatchReader<any>['next']>[0]

/**
 * Reads a query's answers page by page, and those to records that come later: `request` is what the module is asked, as JSON,
 * and `after` makes of it the request for these, of the limit that is left.
 */
export function queryReader(
  core: NativeCore,
  request: string,
  options: any,
  after: (request: any, seq: number, left: number | undefined) => unknown
): BatchReader<any> {
  const live = isLive(options)
  const { old, sync, since, limit, lt, lte } = options ?? {}
  const last = Math.min(lte ?? Infinity, lt ?? Infinity) // no record beyond it is asked for
  let ask = request
  let left = limit > 0 ? limit : Infinity
  let through: number | undefined // has been asked for
  let next: unknown
  let before: string | undefined // all that was answered last time, if each record may change it
  let gathered: any[] = [] // of it
  let marked = !sync || !live || old === false
  let over = false

  const read = (cb: Answer): void => {
    if (over) return
    if (left <= 0) return cb(true)
    if (old === false && through === undefined) {
      goOn((through = core.since.value!))
      return wait(cb)
    }
    core.ask('read', next === undefined ? `[${ask}]` : `[${ask},${JSON.stringify(next)}]`, since! < 0, (err, answer) => {
      if (over) return
      if (err) return cb(err)
      const page: Page = answer!.value
      next = page.next
      through = page.through
      let { items } = page
      if (!page.whole) left -= items.length
      else if (live) {
        gathered.push(...items)
        items = []
        if (next === undefined) {
          const text = JSON.stringify(gathered)
          if (text !== before) {
            items = gathered
            if (sync) items.push({ sync: true })
          }
          before = text
          gathered = []
        }
      }
      if (next === undefined && live && !page.whole) {
        goOn(through)
        if (!marked) items.push({ sync: true })
        marked = true
      }
      if (items.length) cb(null, items, next === undefined && !live)
      else if (next !== undefined) more(cb)
      else wait(cb)
    })
  }
  /** Reads the next page. A view that is being rebuilt has to come to where the first page was asked for. */
  const more = (cb: Answer) => {
    core.reached(since! < 0 ? -1 : through!, end => {
      if (over) return
      if (end) return cb(end)
      read(cb)
    })
  }
  /** Leaves out what there was, from here on. */
  const goOn = (seq: number) => {
    ask = JSON.stringify(after(JSON.parse(ask), seq, limit > 0 ? left : undefined))
  }
  /** Waits for more, if more can come. */
  const wait = (cb: Answer) => {
    if (!live || left <= 0 || through! >= last) return cb(true)
    core.reached(through! + 1, end => {
      if (over) return
      if (end) return cb(end)
      read(cb)
    })
  }
  let begun = false
  return {
    next(cb) {
      if (begun) return next === undefined ? wait(cb) : more(cb)
      begun = true
      read(cb)
    },
    close(_end, cb) {
      over = true
      cb?.()
    }
  }
}
