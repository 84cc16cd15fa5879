import { type Callback, all } from './callback.js'
import { FlumeError } from './errors.js'
import { type NativeCore } from './native-view.js'
import { type BatchReader, type Source, bySignal, createSource } from './source.js'
import { type StreamOptions, type ViewLog } from './types.js'

/** What part of a listing to read, and in what shape. */
export interface ListOptions extends Pick<StreamOptions, 'reverse' | 'live' | 'old' | 'limit' | 'seqs' | 'values' | 'signal'> {
  /** Waits for that seq only; -1 for nothing. */
  since?: number
}

/** Whence values come that a view cannot give. */
export type RecordsOf = Pick<ViewLog<any>, 'get'>

/** A page as the module answers it; see core/listing. */
interface Page {
  items: any[]
  next?: unknown
  wait?: boolean
}

/** Options that are for the module, with those that are for the reader taken out; throws at one that is neither's. */
export function splitOptions(method: string, options: Record<string, any>, known: readonly string[]): Record<string, unknown> {
  const asked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    if (value == null || name === 'seqs' || name === 'since' || name === 'signal') continue
    if (!known.includes(name))
      throw new FlumeError('INVALID_OPTION', `${method} has no option "${name}", known are ${[...known, 'seqs', 'since', 'signal'].join(', ')}`)
    asked[name] = value
  }
  return asked
}

/** What an item is given out as, by what was asked for. */
export type Shape = (item: any) => unknown

/** As a log's stream gives its items out. */
export const shapeOf = ({ values, seqs }: ListOptions): Shape =>
  values === false ? item => item.seq : seqs === false ? item => item.value : item => item

/**
 * What a view lists by the page, as a source: the next page is asked for when the last one is consumed. `asked` are the
 * options for the module, or their JSON, `options` those of the caller.
 */
export function listSource(
  core: NativeCore,
  log: RecordsOf,
  method: string,
  asked: Record<string, unknown> | string,
  options: Pick<ListOptions, 'values' | 'since' | 'signal'>,
  shape?: Shape
): Source<any> {
  return createSource(() => pagedReader(core, log, method, asked, options, shape), options.signal && bySignal(options.signal))
}

function pagedReader(
  core: NativeCore,
  log: RecordsOf,
  method: string,
  asked: Record<string, unknown> | string,
  { values = true, since }: Pick<ListOptions, 'values' | 'since'>,
  shape?: Shape
): BatchReader<any> {
  // A view that sees something else than the records cannot give their values; the log can.
  const fetching = values && core.mapped
  const text = typeof asked === 'string' ? asked : JSON.stringify(fetching ? { ...asked, values: false } : asked)
  let cursor: unknown
  let closed = false
  let over = false
  let stopWaiting: (() => void) | undefined

  const next: BatchReader<any>['next'] = cb => {
    if (over) return cb(true)
    core.ask(method, cursor === undefined ? `[${text}]` : `[${text},${JSON.stringify(cursor)}]`, since! < 0, (err, answer) => {
      if (closed) return
      if (err) return cb(err)
      const page: Page = answer!.value
      cursor = page.next
      over = page.next === undefined
      const give = () => {
        if (page.items.length) return cb(null, shape ? page.items.map(shape) : page.items, over)
        if (!page.wait) return next(cb)
        stopWaiting = core.reached(answer!.since + 1, end => (closed ? undefined : end ? cb(end) : next(cb)))
      }
      if (!fetching) return give()
      all(
        page.items.map((item, i) => (done: (err?: unknown) => void) => {
          if (item.seq === undefined) return done() // it tells of no record
          log.get(item.seq, ((err, value) => {
            item.value = value
            const deleted = (err as FlumeError | null)?.code === 'DELETED'
            if (deleted) delete page.items[i]
            done(deleted ? null : err)
          }) as Callback<any>)
        }),
        err => {
          page.items = page.items.filter(() => true) // without those deleted
          if (!closed) err ? cb(err) : give()
        }
      )
    })
  }
  return {
    next,
    close(_end, cb) {
      closed = true
      stopWaiting?.()
      cb?.()
    }
  }
}
