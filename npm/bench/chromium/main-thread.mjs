// How long the page's main thread is kept from anything else: the longest task the browser reports (it reports those
// over 50 ms only) and the longest gap between two messages a page posts to itself, which sees the shorter ones too.

import { batchesOf, settle } from '../operations.mjs'

export async function measureMainThread(peer, { work, count, place }, input) {
  const values = (await input.values()).slice(0, count)
  const log = await peer.open(place, { durability: 'relaxed' })
  const batches = batchesOf(values)
  if (work.startsWith('scan')) await log.appendBatch(values)

  await settle()
  const stop = watchMainThread()
  switch (work) {
    case 'batches':
      for (const batch of batches) await log.appendBatch(batch)
      break
    case 'pipelined':
      await log.appendPipelined['a promise each'](values)
      break
    case 'scan by pull-stream':
      await log.scan['pull-stream']()
      break
    case 'scan by for await':
      await log.scan['for await']()
      break
    default:
      throw new Error(`no such work: ${work}`)
  }
  const seen = await stop()
  await log.close()
  return seen
}

export function watchMainThread() {
  let longest = 0
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration)
  })
  observer.observe({ type: 'longtask' })

  let gap = 0
  let isWatching = true
  let last = performance.now()
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    const now = performance.now()
    gap = Math.max(gap, now - last)
    last = now
    if (isWatching) port2.postMessage(null)
  }
  port2.postMessage(null)

  return async () => {
    // The task that ends the work is reported only after it.
    await new Promise((resolve) => setTimeout(resolve, 50))
    isWatching = false
    for (const { duration } of observer.takeRecords()) longest = Math.max(longest, duration)
    observer.disconnect()
    return { longest, gap }
  }
}
