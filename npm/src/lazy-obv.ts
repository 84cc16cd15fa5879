import { type Obv, createObv } from './obv.js'
import { later } from './slice.js'

/**
 * An observable over a state that costs something to get: it is fetched when its value is read, and, while somebody
 * listens, after changes, once a task. `fetch` answers at once where it can; until it has, the value is the one before.
 */
export function lazyObv<T>(changes: Obv<unknown>, fetch: (cb: (value: T) => void) => void): Obv<T> {
  const obv = createObv<T>()
  let stored: T | undefined
  let fresh = false
  let telling = false

  const refresh = (then?: (value: T) => void) => {
    fresh = true
    fetch(value => {
      stored = value
      then?.(value)
    })
  }
  Object.defineProperty(obv, 'value', {
    get() {
      if (!fresh && changes.value !== undefined) refresh()
      return stored
    },
    set(value: T) {
      stored = value
    }
  })
  const tell = () => {
    telling = false
    if (!fresh) refresh(obv.set)
  }
  let begun = false
  changes(() => {
    fresh = false
    if (!begun) {
      begun = true
      refresh(obv.set)
    } else if (obv.observed && !telling) {
      telling = true
      later(tell)
    }
  })
  return obv
}
