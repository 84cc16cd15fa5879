// The types are part of what is shipped: test/types is compiled, where each @ts-expect-error must have an error.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { require } from './helpers.mjs'

test('the type tests compile', async () => {
  const tsc = require.resolve('typescript/bin/tsc')
  const project = fileURLToPath(new URL('../types/tsconfig.json', import.meta.url))
  const said = await new Promise(resolve => execFile(process.execPath, [tsc, '-p', project], (_err, out) => resolve(out)))
  assert.equal(said, '')
})
