// The README's quick start, as it is printed, in a project that has installed the tarball.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeConsumer, npm } from './consumer.mjs'

const quickStart = /## Quick start[^]*?```js\n([^]*?)```/.exec(readFileSync(join(npm, '../README.md'), 'utf8'))?.[1]

test('the quick start prints what it says', { timeout: 60_000 }, async () => {
  assert.ok(quickStart, 'the README has no quick start')
  const consumer = makeConsumer({ 'quick-start.mjs': quickStart })
  try {
    assert.equal(await consumer.run('quick-start.mjs'), '8\n1 -11\n2 5\n')
  } finally {
    consumer.remove()
  }
})

test('the quick start prints what it says, with require', { timeout: 60_000 }, async () => {
  const [imports, ...rest] = quickStart.split('\n')
  const required = imports.replace(/^import Flume, (\{.*\}) from ('.*')$/, 'const Flume = require($2), $1 = Flume')
  assert.notEqual(required, imports)
  const consumer = makeConsumer({ 'quick-start.cjs': `${required};\n(async () => {\n${rest.join('\n')}\n})()` })
  try {
    assert.equal(await consumer.run('quick-start.cjs'), '8\n1 -11\n2 5\n')
  } finally {
    consumer.remove()
  }
})
