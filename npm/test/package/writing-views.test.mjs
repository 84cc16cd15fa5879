// docs/writing-views.md, as it is printed: its view passes its tests, its module compiles, and its script prints what it says,
// with the package as users install it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { commands, files, makeOwnModule } from '../own-module.mjs'
import { makeConsumer, npm } from './consumer.mjs'

const exec = promisify(execFile)
const tsc = join(npm, 'node_modules/typescript/bin/tsc')

describe('docs/writing-views.md', { timeout: 900_000 }, () => {
  let consumer
  let go
  before(async () => {
    consumer = makeConsumer()
    go = await makeOwnModule(consumer.folder)
    await go.build()
  })
  after(() => consumer?.remove())

  test('it prints four files, and names the version of this package', () => {
    assert.deepEqual(Object.keys(files), ['longest/longest.go', 'longest/longest_test.go', 'main.go', 'notes.ts'])
    assert.equal(go.version, 'v' + JSON.parse(readFileSync(join(npm, 'package.json'))).version)
    assert.equal(commands.length, 3)
  })

  test('the code is formatted, vetted, and passes its tests', async () => {
    const { stdout } = await exec('gofmt', ['-l', '.'], { cwd: consumer.folder })
    assert.equal(stdout, '')
    await go.run('go vet ./longest && GOOS=js GOARCH=wasm go vet . && go test -count=1 ./longest')
  })

  test('the suite finds a view that forgets what it had saved', async () => {
    const file = join(consumer.folder, 'longest/longest.go')
    writeFileSync(file, files['longest/longest.go'].replace('b = binary.AppendUvarint(b, t.length)', 'b = binary.AppendUvarint(b, 0)'))
    await assert.rejects(go.run('go test -count=1 ./longest'), /reopening/)
    writeFileSync(file, files['longest/longest.go'])
  })

  test('the script compiles with types, and prints what it says', async () => {
    const compilerOptions = { strict: true, target: 'es2022', lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable', 'esnext.disposable'], module: 'nodenext', types: [] }
    const compile = name => {
      writeFileSync(join(consumer.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [name] }))
      return exec(process.execPath, [tsc], { cwd: consumer.folder }).then(() => '', err => err.stdout)
    }
    writeFileSync(join(consumer.folder, 'package.json'), JSON.stringify({ ...JSON.parse(readFileSync(join(consumer.folder, 'package.json'))), type: 'module' }))
    assert.equal(await compile('notes.ts'), '')
    const said = files['notes.ts'].split('\n').flatMap(line => /console\.log\(.*\/\/ (.*)$/.exec(line)?.[1] ?? [])
    assert.equal(said.length, 4)
    assert.deepEqual((await consumer.run('notes.js')).trimEnd().split('\n'), said)

    // What is wrong does not compile.
    const [before] = files['notes.ts'].split('await db.append')
    for (const wrong of ["db.longest.top('2')", 'db.longest.bottom(2)', 'const texts: string[] = await db.longest.top(2)', "Longest('1', { path: 'text' })", 'Longest(1, {})']) {
      writeFileSync(join(consumer.folder, 'wrong.ts'), `${before}\n${wrong}\n`)
      assert.match(await compile('wrong.ts'), /^wrong\.ts\(\d+,\d+\): error TS2/, wrong)
    }
    writeFileSync(join(consumer.folder, 'right.ts'), `${before}
      db.longest.top(2, (err: Error | null, top) => { const first: number = top[0].seq })
      const both: [number, string] = await db.read(['longest'], async longest => [(await longest.top(1)).length, (await longest.read(1))[0].text])
      await db.rebuild(['longest'])\n`)
    assert.equal(await compile('right.ts'), '')
  })

  test('it is restored, rebuilt and read with others, in the folder that the script has made', async () => {
    writeFileSync(join(consumer.folder, 'again.mjs'), `
      import { Flume, Log, Reduce, nativeView } from 'flumedb-wasm'
      const wasm = new URL('./notes.wasm', import.meta.url)
      const longest = version => nativeView({ kind: 'longest', version, options: { path: 'text' }, methods: { top: 'async', read: 'async' } })
      let db = Flume(Log.file('notes', { wasm })).use('longest', longest(1)).use('count', Reduce(1, { count: true }))
      const built = new Set()
      db.progress(({ view, seq, total }) => seq < total && built.add(view))
      const [first] = await db.longest.top(1)
      const { bytes, version } = db.views.longest.status
      const both = await db.read(['longest', 'count'], async (longest, count) => [(await longest.top(9)).length, await count.get(), longest.seq])
      const byCallback = await new Promise((resolve, reject) => db.longest.top(1, (err, top) => (err ? reject(err) : resolve(top))))
      const restored = !built.has('longest')
      await db.rebuild(['longest'])
      await db.append(Array.from({ length: 5000 }, (_, i) => ({ text: 'x'.repeat(i % 50) })))
      await db.del(3)
      const after = [await db.longest.top(2), (await db.longest.read(2)).length]
      const wrong = []
      for (const options of [{}, { path: 'text', keep: 0 }, { path: 'text', other: 1 }]) {
        db.use('w' + wrong.length, nativeView({ kind: 'longest', version: 1, options, methods: { top: 'async' } }))
        wrong.push(await db['w' + wrong.length].top(1).catch(err => err.code))
      }
      await db.close()
      db = Flume(Log.file('notes')).use('longest', longest(1))
      const without = await db.longest.top(1).catch(err => [err.code, /no views of the kind "longest"/.test(err.message)])
      await db.close()
      console.log(JSON.stringify({ first, kept: bytes > 0, version, both, byCallback, restored, after, wrong, without }))`)
    assert.deepEqual(JSON.parse(await consumer.run('again.mjs')), {
      first: { seq: 3, length: 33 },
      kept: true,
      version: 1,
      both: [4, 4, 3],
      byCallback: [{ seq: 3, length: 33 }],
      restored: true,
      after: [[{ seq: 53, length: 49 }, { seq: 103, length: 49 }], 2],
      wrong: ['INVALID_OPTION', 'INVALID_OPTION', 'INVALID_OPTION'],
      without: ['INVALID_OPTION', true]
    })
    const cli = join(consumer.folder, 'node_modules/.bin/flumedb-wasm')
    const { stdout } = await exec(cli, ['notes', 'views'], { cwd: consumer.folder })
    assert.ok(stdout.split('\n').some(line => line && JSON.parse(line).kind === 'longest'))
    const { code, stderr } = await exec(cli, ['notes', 'rebuild', 'longest'], { cwd: consumer.folder }).catch(err => err)
    assert.equal(code, 1)
    assert.match(stderr, /longest cannot be rebuilt from here: .*no views of the kind "longest"/)
  })

  test('a module of another protocol is refused', async () => {
    writeFileSync(join(consumer.folder, 'other.mjs'), `
      import { Flume, Log } from 'flumedb-wasm'
      import { readFileSync } from 'node:fs'
      const { instantiate } = WebAssembly
      // As if it were of another version: its exports are the same but for the number.
      WebAssembly.instantiate = async (...args) => {
        const { instance, module } = await instantiate(...args)
        return { module, instance: Object.create(instance, { exports: { value: { ...instance.exports, flumedb_protocol: () => 1 } } }) }
      }
      const db = Flume(Log.memory({ wasm: readFileSync('notes.wasm') }))
      console.log(await db.append(1).then(() => 'accepted', err => err.code + ' ' + err.message))
      process.exit()`)
    assert.match(await consumer.run('other.mjs'), /^WASM this WebAssembly module speaks protocol 1, the wrapper \S+ protocol \d+: build it with the Go module of the wrapper's version/)
  })
})
