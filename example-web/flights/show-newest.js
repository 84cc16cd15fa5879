// Calls show with an observable's newest value, and again with newer ones, until the signal aborts. A log that takes in
// hundreds of thousands of records a second changes its views far more often than a screen can show.

import { forget, showSoon } from '../frames.js'

export function showNewest (observable, signal, show) {
  const key = Symbol('of this subscription')
  let newest
  const showIt = () => show(newest)
  const { unsubscribe } = observable.subscribe(value => {
    newest = value
    showSoon(key, showIt)
  })
  signal.addEventListener('abort', () => {
    unsubscribe()
    forget(key)
  }, { once: true })
}
