// Calls show with an observable's newest value, once per frame at most, until the signal aborts. A log that takes in
// hundreds of thousands of records a second changes its views far more often than a screen can show.

export function showNewest (observable, signal, show) {
  let newest
  let frame = 0
  const { unsubscribe } = observable.subscribe(value => {
    newest = value
    frame ||= requestAnimationFrame(() => {
      frame = 0
      show(newest)
    })
  })
  signal.addEventListener('abort', () => {
    unsubscribe()
    cancelAnimationFrame(frame)
  }, { once: true })
}
