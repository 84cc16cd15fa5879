// A module that a user has compiled is known to fit the wrapper by the number of the protocol only: it has to change with what
// crosses.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'

const read = name => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8')

// Of the declarations of all functions that cross, by the number that they were given. Where these have changed since a
// release, or the meaning of what is passed has, give `Protocol` in jsbridge/boundary.go and `PROTOCOL` in npm/src/boundary.ts
// the next number, and say here what it now stands for.
const known = { 4: '73f0c47b3790' }

test('the number of the protocol stands for what crosses', () => {
  const folders = ['jsbridge', ...readdirSync(new URL('../../../jsbridge', import.meta.url)).map(name => `jsbridge/${name}`)]
  const declared = folders.flatMap(folder => {
    try {
      return readdirSync(new URL(`../../../${folder}`, import.meta.url)).filter(name => name.endsWith('.go')).map(name => `${folder}/${name}`)
    } catch {
      return []
    }
  }).flatMap(file => [...read(file).matchAll(/^\/\/go:wasm(import|export) (.*)\nfunc \w+(\(.*)$/gm)].map(([, way, name, signature]) => `${way} ${name} ${signature.replace(/ \{.*/, '')}`))
  assert.ok(declared.length > 30, `${declared.length} functions cross`)
  const hash = createHash('sha256').update(declared.sort().join('\n')).digest('hex').slice(0, 12)
  const [, go] = /^const Protocol = (\d+)$/m.exec(read('jsbridge/boundary.go'))
  const [, ts] = /^export const PROTOCOL = (\d+)$/m.exec(read('npm/src/boundary.ts'))
  assert.equal(go, ts)
  assert.equal(known[go], hash, `what crosses has changed: see above\n${declared.join('\n')}`)
})
