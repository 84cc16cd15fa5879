// jitdb and what it stands on as a module for a page, with what bundlers of its time gave such packages in the place of
// Node's modules.

import { join } from 'node:path'
import { build } from 'esbuild'
import { PACKAGE_DIR } from '../package-dir.mjs'

const ENTRY = `
import AsyncLog from 'async-append-only-log'
import JITDB from 'jitdb'
import bipf from 'bipf'
import operators from 'jitdb/operators'
export { AsyncLog, JITDB, bipf, operators }
`

export async function bundleJitdb() {
  const { outputFiles } = await build({
    absWorkingDir: PACKAGE_DIR,
    stdin: { contents: ENTRY, resolveDir: PACKAGE_DIR },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    inject: [join(PACKAGE_DIR, 'test/community/chromium/node-globals.mjs')],
    define: { global: 'globalThis' },
    alias: { path: 'path-browserify', os: 'os-browserify', stream: 'stream-browserify', fs: join(PACKAGE_DIR, 'test/community/chromium/nothing.cjs') },
  })
  return outputFiles[0].text
}
