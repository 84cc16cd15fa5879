import { call } from './errors.js'

/** Node's shape: `value` is there unless `err` is. */
export type Callback<T> = (err: Error | null, value: T) => void

/**
 * Answers through `cb` when there is one, with what follows the value too, else through the promise returned; never
 * through both. What `cb` throws goes to the host as uncaught. What `run` throws at once is thrown to a caller with a
 * callback, as flumedb does, and rejects the promise of one without.
 */
export function answer<T>(cb: Callback<T> | undefined, run: (cb: Callback<T>) => void): Promise<T> | undefined {
  if (cb) return void run((...answer) => call(cb, ...answer))
  return new Promise((resolve, reject) => run((err, value) => (err ? reject(err) : resolve(value))))
}

/** Takes the callback off the end of a call's arguments, if there is one, and trailing undefineds. */
export function takeCallback(args: any[]): Callback<any> | undefined {
  while (args.length && args.at(-1) === undefined) args.pop()
  return typeof args.at(-1) === 'function' ? args.pop() : undefined
}

/** Calls back once, after every one of `tasks` has, with the first error. */
export function all(tasks: ((cb: (err?: unknown) => void) => void)[], cb: (err: Error | null) => void): void {
  let left = tasks.length
  let first: unknown = null
  if (!left) cb(null)
  for (const task of tasks) {
    let answered = false
    const done = (err?: unknown) => {
      if (answered) return
      answered = true
      first ??= err || null
      if (!--left) cb(first as Error | null)
    }
    try {
      task(done)
    } catch (err) {
      done(err)
    }
  }
}
