import { answer, takeCallback } from './callback.js'
import { FlumeError, closedError } from './errors.js'
import { countReader, deferReader } from './readers.js'
import { createSource, sourceReader } from './source.js'
import { isLive } from './stream-options.js'
import { type View } from './types.js'
import { type ViewHost } from './view-host.js'
import { type Waits } from './view-waits.js'

/** On a method whose options are not its first argument. */
export interface OptionsLater {
  optionsAt: number
}

/**
 * Puts a view's methods on what is mounted: asynchronous ones and sources wait as `ready` says, those that are
 * synchronous do not. Calls are counted in `hosted.meta`.
 */
export function wrapMethods(
  db: Pick<ViewHost, 'closed' | 'enlist'>,
  name: string,
  view: View,
  hosted: any,
  ready: Waits['ready'],
  closed: () => boolean
): void {
  const meta: Record<string, number> = (hosted.meta = {})
  const open = (method: string) => {
    if (db.closed) throw closedError(method)
    meta[method]++
  }
  const kinds: Record<string, (fn: Function, method: string) => unknown> = {
    async: (fn, method) =>
      (...args: any[]) => {
        const cb = takeCallback(args)
        const after = args[(fn as Partial<OptionsLater>).optionsAt ?? 0]?.since
        if (!args.length && fn.length > 1) args.push(undefined)
        return answer(cb, cb => {
          open(method)
          ready(err => {
            if (err) return (cb as any)(err)
            try {
              fn.call(view, ...args, cb)
            } catch (cause) {
              ;(cb as any)(new FlumeError('VIEW', `view '${name}' threw in ${method}`, { cause, view: name }))
            }
          }, after)
        })
      },
    source: (fn, method) =>
      (options?: any) => {
        open(method)
        return createSource(
          () =>
            countReader(
              deferReader(
                cb => ready(err => cb(closed() && isLive(options) ? true : err), options?.since),
                () => sourceReader(fn.call(view, options))
              ),
              items => (meta[method] += items)
            ),
          abort => db.enlist(abort, isLive(options))
        )
      },
    // A proxy, so that a method that is an observable is one here.
    sync: (fn, method) =>
      new Proxy(fn, {
        apply(_fn, _self, args) {
          open(method)
          return Reflect.apply(fn, view, args)
        }
      })
  }
  for (const [method, kind] of Object.entries(view.methods)) {
    const fn = (view as any)[method]
    if (typeof fn !== 'function') throw new FlumeError('VIEW', `expected function named:${method} of type: ${kind}`, { view: name })
    if (!kinds[kind]) throw new FlumeError('VIEW', `method '${method}' of view '${name}' is of no known kind: ${kind}`, { view: name })
    meta[method] = 0
    hosted[method] = kinds[kind](fn, method)
  }
}
