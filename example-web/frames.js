// Shows what has changed, all of it together, and a few times a second: numbers that change with every frame cannot be
// read, and the time it takes to paint them is better spent on appending.

const pauseMs = 60

const due = new Map()
let lastShown = -Infinity
let scheduled = false

// Calls show soon. Asked again with the same key before that, only the last one is called.
export function showSoon (key, show) {
  due.set(key, show)
  if (scheduled) return
  scheduled = true
  const wait = lastShown + pauseMs - performance.now()
  if (wait > 0) setTimeout(() => requestAnimationFrame(showAll), wait)
  else requestAnimationFrame(showAll)
}

export function forget (key) {
  due.delete(key)
}

function showAll () {
  scheduled = false
  lastShown = performance.now()
  const shows = Array.from(due.values())
  due.clear()
  for (const show of shows) show()
}
