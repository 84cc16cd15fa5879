// The cases of all homes, by the Worker on a real workerd.

import { test, before, after } from 'node:test'
import { cases, run, views } from './cases.mjs'
import { token, withToken } from './flumed.mjs'
import { openEdge, unlessWorkerd } from './edge.mjs'

let edge
before(async () => { if (!unlessWorkerd.skip) edge = await openEdge({ views }) })
after(() => edge?.close())

for (const [i, title] of Object.keys(cases).entries()) {
  test(title, { timeout: 120_000, ...unlessWorkerd }, () => run(title, { fetch: withToken(token), url: `${edge.origin}/logs/case-${i}/`, maxBody: 4 << 20 }))
}
