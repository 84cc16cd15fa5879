// The tarball through the checkers of packages, and its types in users' projects.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { makeConsumer, npm, tarball } from './consumer.mjs'

const bin = name => join(npm, 'node_modules/.bin', name)

// Rejects with what the command printed, which is where these tools say what is wrong.
async function run (file, args, options) {
  try {
    return await promisify(execFile)(file, args, options)
  } catch (error) {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`)
  }
}

let consumer
before(() => {
  const program = (load) => `
    ${load}
    import type { ImportOptions, ImportResult } from 'flumedb-wasm/import'
    interface Flight { delay: number }
    const db = Flume(Log.memory<Flight>())
    const one: Promise<number> = db.append({ delay: 1 })
    const many: Promise<number> = db.append([{ delay: 1 }, { delay: 2 }])
    async function read (): Promise<number> {
      let sum = 0
      for await (const { seq, value } of db.stream({ gt: 10, live: false })) sum += seq + value.delay
      return sum
    }
    // @ts-expect-error: a record of another type
    db.append({ late: true })
    const imported: Promise<ImportResult> = db.import('records.ndjson', { format: 'ndjson' } satisfies ImportOptions)
    export { one, many, read, imported }
  `
  consumer = makeConsumer({
    'imports.mts': program("import Flume, { Log } from 'flumedb-wasm'"),
    'requires.cts': program("import { Log, default as Flume } from 'flumedb-wasm'"),
    'bundled.ts': program("import Flume, { Log } from 'flumedb-wasm'"),
    'worker.ts': `
      import { serve, type Serving } from 'flumedb-wasm/service-worker'
      const serving: Serving = serve({ name: 'journal', views: { types: { kind: 'reduce', version: 1, options: { count: true } } } })
      // @ts-expect-error: no such kind
      serve({ name: 'journal', views: { types: { kind: 'none', version: 1 } } })
      // @ts-expect-error: no name
      serve({ prefix: '/db/' })
      export { serving }
    `
  })
})
after(() => consumer?.remove())

test('publint finds nothing to say about the tarball', async () => {
  const bytes = readFileSync(tarball())
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) }, level: 'suggestion', strict: true })
  assert.deepEqual(messages.map(message => formatMessage(message, pkg)), [])
})

// Without the service worker's entry, which is a module only.
test('attw finds the types right for every way of resolving them', async () => {
  await run(bin('attw'), [tarball(), '--exclude-entrypoints', './flumedb.wasm', './flumedb-views.wasm', './flumedb-http.wasm', './flumedb-node.wasm', './flumedb-worker.mjs', './service-worker', './client', '--no-color', '--no-emoji'], { cwd: consumer.folder })
})

for (const [name, files, options] of [
  ['Node, import and require', ['imports.mts', 'requires.cts'], { module: 'nodenext', moduleResolution: 'nodenext' }],
  ['a bundler', ['bundled.ts'], { module: 'esnext', moduleResolution: 'bundler' }],
  ['a bundler for browsers', ['bundled.ts', 'worker.ts'], { module: 'esnext', moduleResolution: 'bundler', customConditions: ['browser'] }]
]) {
  test(`a strict TypeScript project compiles against the types: ${name}`, async () => {
    const config = join(consumer.folder, `tsconfig.${name.replace(/\W+/g, '-')}.json`)
    // skipLibCheck is off: the declarations themselves must be right, without Node's types too.
    const compilerOptions = { target: 'es2022', lib: ['es2022', 'dom', 'dom.iterable'], types: [], strict: true, noEmit: true, skipLibCheck: false, ...options }
    writeFileSync(config, JSON.stringify({ compilerOptions, files }))
    await run(bin('tsc'), ['-p', config])
  })
}
