// The tarball in an empty project, used as Node users use it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { makeConsumer } from './consumer.mjs'

// Appends to the log in the folder given and prints what it then holds.
const body = `
async function main (folder) {
  const db = Flume(Log.file(folder))
  const seq = await db.append({ from: process.argv[1].split('.').pop() })
  await db.close()
  const again = Flume(Log.file(folder))
  const values = []
  for await (const { value } of again.stream()) values.push(value)
  const { damage } = await again.verify()
  await again.close()
  console.log(JSON.stringify({ seq, values, damage }))
}
main(process.argv[2])
`

// Imports a file of lines into the log in the folder given, and prints what an error is.
const importBody = `
async function main (folder) {
  const { writeFileSync } = await import('node:fs')
  writeFileSync(folder + '.ndjson', '{"a":1}\\n{"b":2}\\n')
  const db = Flume(Log.file(folder))
  const { records } = await db.import(folder + '.ndjson')
  const known = await db.import(folder + '.absent').catch(err => err instanceof FlumeError && err.code)
  console.log(JSON.stringify({ records, known, since: db.since.value }))
  await db.close()
}
main(process.argv[2])
`

let consumer
before(() => {
  consumer = makeConsumer({
    'esm.mjs': `import Flume, { Log } from 'flumedb-wasm'\n${body}`,
    'cjs.cjs': `const Flume = require('flumedb-wasm')\nconst { Log } = Flume\n${body}`,
    'import.mjs': `import Flume, { FlumeError, Log } from 'flumedb-wasm'\n${importBody}`,
    'import.cjs': `const Flume = require('flumedb-wasm')\nconst { FlumeError, Log } = Flume\n${importBody}`,
    'import-first.cjs': `require('flumedb-wasm/import')\nconst Flume = require('flumedb-wasm')\nconst { FlumeError, Log } = Flume\n${importBody}`,
    'kinds.cjs': `
      const required = require('flumedb-wasm')
      import('flumedb-wasm').then(imported => console.log(JSON.stringify({
        required: Object.keys(required).sort(),
        imported: Object.keys(imported).sort(),
        callable: required === required.default,
        metadata: require('flumedb-wasm/package.json').name,
        wasm: require.resolve('flumedb-wasm/flumedb.wasm')
      })))`
  })
})
after(() => consumer?.remove())

test('the tarball brings no other package', () => {
  assert.deepEqual(readdirSync(join(consumer.folder, 'node_modules')).filter(name => !name.startsWith('.')), ['flumedb-wasm'])
})

test('import and require append to one folder in turn, and each finds what the other left', async () => {
  const folder = join(consumer.folder, 'log')
  assert.deepEqual(JSON.parse(await consumer.run('esm.mjs', folder)), { seq: 0, values: [{ from: 'mjs' }], damage: [] })
  assert.deepEqual(JSON.parse(await consumer.run('cjs.cjs', folder)), { seq: 1, values: [{ from: 'mjs' }, { from: 'cjs' }], damage: [] })
})

test('the command line is there, and works', async () => {
  const bin = join(consumer.folder, 'node_modules/.bin', process.platform === 'win32' ? 'flumedb-wasm.cmd' : 'flumedb-wasm')
  const folder = join(consumer.folder, 'by-command')
  const run = async (...args) => (await promisify(execFile)(bin, args, { shell: process.platform === 'win32' })).stdout
  assert.equal(await run(folder, 'append', '1', '2'), '1\n')
  assert.equal(await run(folder, 'cat'), '1\n2\n')
})

for (const file of ['import.mjs', 'import.cjs', 'import-first.cjs']) {
  test(`db.import loads what it needs by itself: ${file}`, async () => {
    assert.deepEqual(JSON.parse(await consumer.run(file, join(consumer.folder, file + '-log'))), { records: 2, known: 'SOURCE', since: 1 })
  })
}

test('import and require give the same names, require gives Flume itself, and the wasm has a path', async () => {
  const { required, imported, callable, metadata, wasm } = JSON.parse(await consumer.run('kinds.cjs'))
  assert.deepEqual(required, imported)
  assert.ok(imported.includes('default') && imported.includes('Log') && imported.includes('Reduce'))
  assert.equal(callable, true)
  assert.equal(metadata, 'flumedb-wasm')
  assert.equal(wasm, join(consumer.folder, 'node_modules/flumedb-wasm/dist/flumedb.wasm'))
})
