// Sync of logs in Node with one in a Durable Object, on a real workerd.

import { test } from 'node:test'
import { openEdge, unlessWorkerd } from './edge.mjs'
import { token, withToken } from './flumed.mjs'
import { syncThrough } from './syncing.mjs'

// An object that can be told to abort: the next request makes another, of what is stored.
const main = `
  import worker, { FlumeLog as Log } from './index.mjs'
  export class FlumeLog extends Log {
    fetch (request) {
      if (new URL(request.url).pathname === '/abort') this.ctx.abort('told to')
      return super.fetch(request)
    }
  }
  export default worker
`

test('logs come to hold the same through an object that is aborted between', { timeout: 120_000, ...unlessWorkerd }, async () => {
  const edge = await openEdge({ main })
  try {
    const url = `${edge.origin}/logs/synced/`
    await syncThrough(url, () => withToken(token)(`${url}abort`).then(response => response.text(), () => {}))
  } finally {
    await edge.close()
  }
})
