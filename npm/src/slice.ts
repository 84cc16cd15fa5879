// Long work on the page's thread is cut into slices. All sources and views of a context share one budget per task, so
// that ten views rebuilding together hold the thread no longer than one.

import { call } from './errors.js'

const BUDGET_MS = 10

let began = 0 // when the work of the current task began; 0 while none has
let armed = false
let queue: (() => void)[] = []
let post: (() => void) | undefined

/** Whether this task's budget is used up. The first ask starts the clock. */
export function spent(): boolean {
  const now = performance.now()
  if (!began) {
    began = now
    arm() // the next task starts afresh
  }
  return now - began > BUDGET_MS
}

/** Runs `fn` in a later task, in order of asking, as soon as the budget allows. */
export function later(fn: () => void): void {
  queue.push(fn)
  arm()
}

function arm(): void {
  if (armed) return
  armed = true
  post ??= poster()
  post()
}

// setTimeout would wait 4 ms between nested calls. A MessageChannel would keep Node alive, setImmediate does not.
function poster(): () => void {
  if (typeof setImmediate === 'function') return () => setImmediate(turn)
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = turn
  return () => port2.postMessage(0)
}

function turn(): void {
  armed = false
  began = 0
  const due = queue
  queue = []
  let i = 0
  while (i < due.length && (!spent() || !i)) call(due[i++])
  queue = due.slice(i).concat(queue)
  if (queue.length) arm()
}
