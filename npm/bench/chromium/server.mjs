// Serves npm/ to the pages. Every peer has an origin of its own, NAME.localhost, so that none works in another's
// database files. Cross-origin isolation gives the pages a clock of 5 us and SQLite its SharedArrayBuffer.

import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import { PACKAGE_DIR } from '../package-dir.mjs'
import { bundleJitdb } from './jitdb-bundle.mjs'

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.mjs': 'text/javascript',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

const SERVED = ['bench', 'dist', 'node_modules']
let jitdb

export async function startServer() {
  const server = createServer((request, response) => {
    serve(new URL(request.url, 'http://localhost').pathname).then(
      ({ type, body }) => {
        response.writeHead(200, {
          'content-type': type,
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-embedder-policy': 'require-corp',
          'cache-control': 'max-age=3600',
        })
        response.end(body)
      },
      (error) => {
        response.writeHead(404, { 'content-type': 'text/plain' })
        response.end(String(error))
      },
    )
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  return {
    url: (host, path) => `http://${host}.localhost:${port}${path}`,
    close: () => server.close(),
  }
}

async function serve(path) {
  if (path === '/favicon.ico' || path === '/empty.html') return { type: TYPES['.html'], body: '' }
  if (path === '/jitdb.mjs') return { type: TYPES['.mjs'], body: await (jitdb ??= bundleJitdb()) }
  if (path === '/sqlite-wasm.mjs') return { type: TYPES['.mjs'], body: await sqliteEntry() }

  const relative = normalize(decodeURIComponent(path)).split(sep).filter(Boolean)
  if (!SERVED.includes(relative[0])) throw new Error(`not served: ${path}`)
  const file = join(PACKAGE_DIR, ...relative)
  return { type: TYPES[extname(file)] ?? 'application/octet-stream', body: await readFile(file) }
}

// The package's entry moved between versions; its own exports say where it is.
async function sqliteEntry() {
  const base = 'node_modules/@sqlite.org/sqlite-wasm'
  const { exports } = JSON.parse(await readFile(join(PACKAGE_DIR, base, 'package.json'), 'utf8'))
  return `export { default } from ${JSON.stringify(new URL(`/${base}/${exports['.'].import}`, 'http://localhost').pathname)}`
}
