// What stands in the wrapper and again in Go, because each needs it, is the same in both, and in the docs.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const read = path => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const number = (path, pattern) => {
  const [, digits] = pattern.exec(read(path)) ?? assert.fail(`${path} has nothing like ${pattern}`)
  return Number(digits.replace(/[_,]/g, ''))
}

test('views of JavaScript and of the module wait for their turn alike', () => {
  const far = number('npm/src/build-turn.ts', /^const FAR = (\d+)$/m)
  assert.equal(number('core/view/set.go', /opts\.Far = (\d+)$/m), far)
  assert.equal(number('docs/contexts.md', /A view that has ([\d,]+) records or more/), far)

  const patience = number('npm/src/build-turn.ts', /^const PATIENCE_MS = ([\d_]+)$/m) / 1000
  assert.equal(number('core/view/claim.go', /claimLook = (\d+) \* time\.Second$/m) * number('core/view/claim.go', /claimPatience = (\d+)$/m), patience)
  assert.equal(number('docs/contexts.md', /stores nothing for (\d+) seconds/), patience)
})
