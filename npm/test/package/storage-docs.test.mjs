// Every failure that docs/storage.md lists is shown by tests that it names.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const read = path => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const rows = read('docs/storage.md').split('\n## What can go wrong\n')[1].split('\n').filter(line => line.startsWith('|')).slice(2)
const escaped = text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** What the titles of a file's tests are like: as they are given, with anything in the place of what is put in. */
function titles (file) {
  if (file.endsWith('.go')) return [...read(`jsbridge/${file}`).matchAll(/^func (Test\w+)\(/gm)].map(([, name]) => new RegExp(`^${name}$`))
  return [...read(`npm/test/${file}.test.mjs`).matchAll(/\btest\((['"`])(.+?)\1, /g)]
    .map(([, , title]) => new RegExp(`^${title.split(/\$\{.*?\}/).map(escaped).join('.*')}`))
}

test('the table has rows, and each names tests that there are', () => {
  assert.ok(rows.length > 10)
  for (const row of rows) {
    const [failure, , , , , shown] = row.split(' | ')
    const [, file] = /^`([\w/.-]+)`: /.exec(shown) ?? assert.fail(`${failure}: no test is named`)
    const names = [...shown.matchAll(/"([^"]+)"/g)].map(([, name]) => name)
    assert.ok(names.length > 0, failure)
    for (const name of names) {
      const found = titles(file).some(title => title.test(name) || title.source.replaceAll('\\', '').startsWith(`^${name}`))
      assert.ok(found, `${failure}: ${file} has no test "${name}"`)
    }
  }
})
