// The README's code, as it is printed.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm } from './consumer.mjs'

/** The blocks of a language in a section; it fails where there are none. */
export function readmeCode (section, language) {
  const readme = readFileSync(join(npm, '../README.md'), 'utf8')
  const text = readme.split(/^## /m).find(text => text.startsWith(`${section}\n`))
  const blocks = [...(text ?? '').matchAll(/```(\w+)\n([^]*?)```/g)].filter(([, name]) => name === language).map(([, , code]) => code)
  if (blocks.length === 0) throw new Error(`the README has no ${language} under ${section}`)
  return blocks
}
