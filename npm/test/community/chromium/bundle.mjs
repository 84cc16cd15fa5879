// Bundles npm's flume modules for a page, with what bundlers of their time gave such modules in the place of Node's.

import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const path = name => fileURLToPath(new URL(name, import.meta.url))

/**
 * One script of `contents`, which imports from where the tests do; what it exports is `window.theirs`. A script, since some
 * of them rely on what is no error outside of modules.
 */
export async function bundle (contents, plugins = []) {
  const { outputFiles } = await build({
    absWorkingDir: path('../../../'), // from where it looks for what the aliases name
    stdin: { contents, resolveDir: path('./') },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'theirs',
    target: 'es2022',
    logLevel: 'warning',
    inject: [path('node-globals.mjs')],
    define: { global: 'globalThis', __dirname: '"/"' },
    alias: { path: 'path-browserify', os: 'os-browserify', stream: 'stream-browserify', fs: path('nothing.cjs') },
    plugins
  })
  return { type: 'text/javascript', body: outputFiles[0].text }
}
