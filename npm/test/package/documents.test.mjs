// The examples of docs/ that are whole programs, as they are printed, in a project that has installed the tarball.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeConsumer, npm } from './consumer.mjs'

const EXAMPLES = {
  'views-query.md': "2\n[\n  { type: 'post', count: 1, by: [ 'alice' ] },\n  { type: 'vote', count: 2, by: [ 'bob', 'alice' ] }\n]\n"
}

for (const [document, printed] of Object.entries(EXAMPLES))
  test(`the example of ${document} prints what it says`, { timeout: 60_000 }, async () => {
    const example = /```js\n([^]*?)```/.exec(readFileSync(join(npm, '../docs', document), 'utf8'))[1]
    const consumer = makeConsumer({ 'example.mjs': example })
    try {
      assert.equal(await consumer.run('example.mjs'), printed)
    } finally {
      consumer.remove()
    }
  })
