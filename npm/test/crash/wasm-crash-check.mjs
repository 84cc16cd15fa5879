import assert from 'node:assert/strict'

// What crashUnder must have found.
export function checkCrash ({ before, after, late, close, again, appended, verified }) {
  // What was under way may have been done before the crash; it must not hang, and must not say anything else.
  for (const { value, code } of before) assert.ok(code === 'WASM' || value !== undefined, `what was under way is answered: ${JSON.stringify(before)}`)
  assert.equal(before[0].code, 'WASM', 'the live stream ends with the crash')
  for (const { code } of [...after, ...late]) assert.equal(code, 'WASM', `what comes after the crash fails: ${JSON.stringify([after, late])}`)
  assert.ok(!close.hangs, 'close() is answered')

  const numbers = again.value?.map(({ n }) => n)
  assert.ok(numbers, `the log opens again: ${JSON.stringify(again)}`)
  assert.ok(numbers.length >= 10, 'with all that was acknowledged before the crash')
  assert.deepEqual(numbers, Array.from(numbers, (_, i) => i), 'in order, none twice')
  const acknowledged = Math.max(9, ...before.slice(1, 3).map(({ value }) => value ?? 0))
  assert.ok(numbers.length > acknowledged, 'and what was acknowledged while it crashed')
  assert.ok([10, 11, 13].includes(numbers.length), 'a batch is there as a whole or not at all')
  assert.deepEqual(appended, { value: numbers.length })
  assert.deepEqual(verified.value?.damage, [])
}
