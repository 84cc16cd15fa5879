// The README's code for Node, as it is printed, in a project that has installed the tarball. That for browsers is in
// test/browser/readme.test.mjs.

import assert from 'node:assert/strict'
import { execSync } from 'node:child_process'
import { test } from 'node:test'
import { makeConsumer } from './consumer.mjs'
import { startServer } from '../sync/server.mjs'
import { printedCode } from './printed-code.mjs'

const [quickStart] = printedCode('README.md', 'Quick start', 'js')

test('the quick start prints what it says', { timeout: 60_000 }, async () => {
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

test('the code for Node prints what it says, and the command line finds it', { timeout: 60_000 }, async () => {
  const [code] = printedCode('README.md', 'In Node', 'js')
  const [command] = printedCode('README.md', 'In Node', 'sh')
  const consumer = makeConsumer({ 'people.mjs': code })
  try {
    assert.equal(await consumer.run('people.mjs'), 'Alan\nGrace\n')
    const printed = execSync(command, { cwd: consumer.folder, encoding: 'utf8' })
    assert.deepEqual(printed.trim().split('\n').map(line => JSON.parse(line).name), ['Ada', 'Grace', 'Alan'])
  } finally {
    consumer.remove()
  }
})

test('the code for sync prints what it says, with a server at another address', { timeout: 60_000 }, async t => {
  const { url } = await startServer(t)
  const [code] = printedCode('README.md', 'Sync', 'js')
  assert.match(code, /'http:.*'/)
  const consumer = makeConsumer({ 'diary.mjs': code.replace(/'http:.*'/, JSON.stringify(url)) })
  try {
    assert.equal(await consumer.run('diary.mjs'), "{ pulled: 1, pushed: 1, forked: 0 }\n{ mood: 'calm' }\n{ mood: 'busy' }\nABORTED\n")
  } finally {
    consumer.remove()
  }
})
