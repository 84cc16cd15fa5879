import assert from 'node:assert/strict'

/** Throws unless a suite's outcome is exactly what suites.mjs says of that run. */
export function expectOutcome ({ cases, assertions }, run, got) {
  const { fails = {}, races = {} } = run
  const said = `${JSON.stringify(got.failed, null, 2)}\n${got.output ?? ''}`
  assert.deepEqual(Object.keys(got.failed).filter(name => !(name in races)).sort(), Object.keys(fails).sort(), `what fails\n${said}`)
  assert.equal(got.cases, run.cases ?? cases, `how many cases there are\n${said}`)
  const checks = run.assertions ?? assertions
  if (checks !== undefined) assert.equal(got.assertions, checks, `how many assertions were made\n${said}`)
}
