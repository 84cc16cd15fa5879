// Writes the package's type declarations: for import as *.d.ts, for require as *.d.cts.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const npm = fileURLToPath(new URL('../', import.meta.url))
const tsc = join(npm, 'node_modules/typescript/bin/tsc')

// The relative modules a declaration file names, in `from '…'` and `import('…')`.
const specifier = /((?:from|import)\s*\(?\s*)(['"])(\.\.?\/[^'"]+?)(?:\.[jt]s)?\2/g

export function writeDeclarations (dist) {
  const emitted = join(npm, '.tmp/types')
  rmSync(emitted, { recursive: true, force: true })
  execFileSync(process.execPath, [tsc, '-p', npm, '--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--declarationMap', 'false', '--rootDir', join(npm, 'src'), '--outDir', emitted], { stdio: ['ignore', 2, 2] })

  // Only what the entries' types lead to is the package's: the rest would be promises nobody means to keep.
  const pending = [join(emitted, 'index.d.ts'), join(emitted, 'import/index.d.ts'), join(emitted, 'sync/index.d.ts'), join(emitted, 'service-worker/index.d.ts'), join(emitted, 'client/index.d.ts')]
  const seen = new Set(pending)
  for (const path of pending) {
    const text = readFileSync(path, 'utf8')
    for (const [, , , module] of text.matchAll(specifier)) {
      const target = join(dirname(path), `${module}.d.ts`)
      if (!existsSync(target)) throw new Error(`${relative(emitted, path)} names ${module}, which has no declarations`)
      if (!seen.has(target)) pending.push(target)
      seen.add(target)
    }
    const out = join(dist, relative(emitted, path))
    mkdirSync(dirname(out), { recursive: true })
    writeFileSync(out, text.replace(specifier, '$1$2$3.js$2'))
    // require finds CommonJS modules only, so the twin must name twins.
    writeFileSync(out.replace(/\.d\.ts$/, '.d.cts'), text.replace(specifier, '$1$2$3.cjs$2'))
  }
}
