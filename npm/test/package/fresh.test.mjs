// The tarball holds the build of the sources as they are now.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { buildId, version } from '../../scripts/build-id.mjs'
import { makeConsumer } from './consumer.mjs'

let consumer
before(() => { consumer = makeConsumer() })
after(() => consumer?.remove())

const read = name => readFileSync(join(consumer.folder, 'node_modules/flumedb-wasm', name))

test('the packed wasm is the one its build-info names, and that is the build of these sources', () => {
  const info = JSON.parse(read('dist/build-info.json'))
  assert.equal(info.version, version())
  assert.equal(info.build, buildId(), 'the sources changed since the build: run make pack')
  for (const [name, sha256] of Object.entries(info.sha256)) assert.equal(createHash('sha256').update(read(`dist/${name}`)).digest('hex'), sha256, name)
})

for (const name of ['flumedb.wasm', 'flumedb-views.wasm', 'flumedb-http.wasm', 'flumedb-node.wasm', 'browser.mjs', 'flumedb-worker.mjs', 'service-worker.mjs', 'node.mjs', 'node.cjs']) {
  test(`${name} carries the build's name`, () => {
    assert.ok(read(`dist/${name}`).includes(JSON.parse(read('dist/build-info.json')).build))
  })
}

test('README, licence and the licences of what the wasm is made of are in the tarball', () => {
  assert.match(read('README.md').toString(), /flumedb-wasm/)
  assert.match(read('LICENSE').toString(), /MIT/)
  const others = read('dist/THIRD-PARTY-LICENSES.txt').toString()
  assert.match(others, /The Go Authors/)
  assert.match(others, /hack-pad\/go-indexeddb/)
})
