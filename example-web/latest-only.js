// latestOnly(run) answers a function that calls run with what it was given last: one call at a time, and of all that came
// while one was under way only the newest. So a slider may be moved faster than the past can be read.

export function latestOnly (run) {
  let waiting
  let running = false
  return async function ask (...args) {
    waiting = args
    if (running) return
    running = true
    try {
      while (waiting) {
        const next = waiting
        waiting = undefined
        await run(...next)
      }
    } finally {
      running = false
    }
  }
}
