// The examples of docs/views.md, as they are printed: each prints what the comments behind its console.log say.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const npm = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(join(npm, '../docs/views.md'), 'utf8')

// Inside the package, where it can be imported by its name.
mkdirSync(join(npm, '.tmp'), { recursive: true })
const folder = mkdtempSync(join(npm, '.tmp', 'examples-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const examples = [...page.matchAll(/^## (.*)$|^```js\n([^]*?)^```/gm)].reduce((all, [, title, code]) => {
  if (code === undefined) all.push({ title, blocks: [] })
  else if (/^import /m.test(code)) all.at(-1).blocks.push(code)
  return all
}, [])

for (const { title, blocks } of examples)
  for (const code of blocks)
    test(`the example of ${title}`, { timeout: 60_000 }, async () => {
      const file = join(folder, `${title.replace(/\W/g, '')}.mjs`)
      writeFileSync(file, code)
      const said = code.split('\n').flatMap(line => /console\.log\(.*\/\/ (.*)$/.exec(line)?.[1].split(', then ') ?? [])
      assert.ok(said.length > 0, 'the example prints nothing')
      const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder, timeout: 60_000 })
      assert.deepEqual(stdout.trimEnd().split('\n'), said)
    })
