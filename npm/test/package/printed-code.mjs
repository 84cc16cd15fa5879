// The code of the README and the pages in docs, as it is printed.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm } from './consumer.mjs'

/** The blocks of a language in a section of a page; it fails where there are none. */
export function printedCode (page, section, language) {
  const text = readFileSync(join(npm, '..', page), 'utf8').split(/^## /m).find(text => text.startsWith(`${section}\n`))
  const blocks = [...(text ?? '').matchAll(/```(\w+)\n([^]*?)```/g)].filter(([, name]) => name === language).map(([, , code]) => code)
  if (blocks.length === 0) throw new Error(`${page} has no ${language} under ${section}`)
  return blocks
}
