// Sync of logs in Node with one in a Durable Object, on a real workerd.

import { test } from 'node:test'
import { abortable, openEdge, unlessWorkerd } from './edge.mjs'
import { token, withToken } from './flumed.mjs'
import { syncThrough } from './syncing.mjs'

test('logs come to hold the same through an object that is aborted between', { timeout: 120_000, ...unlessWorkerd }, async () => {
  const edge = await openEdge({ main: abortable })
  try {
    const url = `${edge.origin}/logs/synced/`
    await syncThrough(url, () => withToken(token)(`${url}abort`).then(response => response.text(), () => {}))
  } finally {
    await edge.close()
  }
})
