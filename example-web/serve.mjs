// Serves the example on localhost, with nothing but Node:
//
//   node example-web/serve.mjs [--port 8080] [--host localhost] [--open]
//
//   /                 this folder: the journal, and in /flights/ the flights
//   /flumedb-wasm/    the built package, npm/dist
//   /data/            the data sets, from the development dependency vega-datasets
//   /build.js         which files the journal needs offline, and what is in them: for its service worker
//   /ping             whether the server can be reached

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const here = fileURLToPath(new URL('.', import.meta.url))
const dist = fileURLToPath(new URL('../npm/dist/', import.meta.url))
const datasets = fileURLToPath(new URL('../npm/node_modules/vega-datasets/data/', import.meta.url))

const folders = [
  { prefix: '/flumedb-wasm/', folder: dist, unless: 'The package is not built yet: run `make build`.' },
  { prefix: '/data/', folder: datasets, only: ['flights-200k.json', 'earthquakes.json', 'world-110m.json'], unless: 'The data sets are not installed: run `npm ci` in npm/.' },
  { prefix: '/', folder: here }
]

// Beside the files of this folder, what the journal needs.
const offline = [
  '/',
  '/flumedb-wasm/browser.mjs',
  '/flumedb-wasm/browser-import.mjs',
  '/flumedb-wasm/flumedb-views.wasm',
  '/data/earthquakes.json',
  '/data/world-110m.json'
]

const types = {
  '.cjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm'
}

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: process.env.PORT || '8080' },
    host: { type: 'string', default: 'localhost' },
    open: { type: 'boolean', default: false }
  }
})

const server = createServer((request, response) => {
  answer(request, response).catch(error => {
    console.error(error)
    if (response.headersSent) response.destroy()
    else sendText(response, 500, 'Something went wrong in the server; its terminal says what.')
  })
})
const port = await listenFrom(server, Number(options.port), options.host)
const url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}/`

console.log(`The example is at ${url} (Ctrl+C stops it)`)
for (const { folder, unless } of folders) {
  if (unless && !existsSync(folder)) console.warn(unless)
}
if (options.open) openInBrowser(url)

// Takes the next port when one is in use, so that a forgotten server is no obstacle.
async function listenFrom (server, first, host) {
  if (!Number.isInteger(first) || first < 0 || first > 65535) {
    console.error(`Not a port: ${options.port}`)
    process.exit(2)
  }
  for (let port = first; ; port++) {
    try {
      await new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve()
        })
      })
      return server.address().port
    } catch (error) {
      const tryNext = error.code === 'EADDRINUSE' && port < 65535 && port < first + 100
      if (!tryNext) {
        console.error(`Cannot listen on ${host}, port ${port}: ${error.message}`)
        process.exit(1)
      }
    }
  }
}

async function answer (request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return sendText(response, 405, 'Only GET and HEAD are answered here.')
  }
  if (request.url === '/ping') return sendText(response, 200, 'here')
  if (request.url === '/build.js') return sendText(response, 200, await buildScript(), types['.js'])
  const found = await find(request.url)
  if (!found.file) return sendText(response, 404, found.unless ?? 'There is no such file.')
  sendFile(request, response, found)
}

// The file a URL names, or none. Everything that is not a plain file inside its folder is "none": paths that climb
// out, also by encoded dots or by a symbolic link, folders, dot files, and this server's own source.
async function find (url) {
  let path
  try {
    path = decodeURIComponent(new URL(`http://localhost${url}`).pathname)
  } catch {
    return {}
  }
  if (path.endsWith('/')) path += 'index.html'

  const { prefix, folder, only, unless } = folders.find(({ prefix }) => path.startsWith(prefix))
  const name = path.slice(prefix.length)
  const parts = name.split(/[/\\]/)
  if (name.includes('\0') || parts.some(part => part === '' || part.startsWith('.'))) return {}
  if (only && !only.includes(name)) return {}
  if (folder === here && name === 'serve.mjs') return {}

  try {
    const root = await realpath(folder)
    const file = await realpath(join(root, ...parts))
    if (!file.startsWith(root + sep)) return {}
    const stats = await stat(file)
    return stats.isFile() ? { file, stats } : {}
  } catch {
    return existsSync(folder) ? {} : { unless }
  }
}

// A script, so that a browser that looks for a newer service worker compares it too.
async function buildScript () {
  const own = (await readdir(here)).filter(name => extname(name) in types)
    .filter(name => name !== 'serve.mjs' && name !== 'service-worker.js')
  const files = await Promise.all([...offline, ...own.sort().map(name => `/${name}`)].map(async path => {
    const { file, unless } = await find(path)
    if (!file) throw new Error(unless ?? `There is no ${path}.`)
    return { path, integrity: `sha256-${createHash('sha256').update(await readFile(file)).digest('base64')}` }
  }))
  const id = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12)
  return `const build = ${JSON.stringify({ id, files }, null, 2)}`
}

function sendFile (request, response, { file, stats }) {
  const etag = `"${stats.size.toString(36)}-${Math.trunc(stats.mtimeMs).toString(36)}"`
  response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Accept-Ranges', 'bytes')
  response.setHeader('ETag', etag)
  // Always asked again, so that a new build is seen by the next reload.
  response.setHeader('Cache-Control', 'no-cache')

  if (splitList(request.headers['if-none-match']).some(tag => tag === '*' || tag.replace(/^W\//, '') === etag)) {
    response.writeHead(304).end()
    return
  }

  const condition = request.headers['if-range']
  const range = condition && condition !== etag ? undefined : parseRange(request.headers.range, stats.size)
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${stats.size}`)
    return sendText(response, 416, 'That range lies outside the file.')
  }
  const { start, end } = range ?? { start: 0, end: stats.size - 1 }
  if (range) response.setHeader('Content-Range', `bytes ${start}-${end}/${stats.size}`)
  response.setHeader('Content-Length', end - start + 1)
  response.writeHead(range ? 206 : 200)
  if (request.method === 'HEAD' || stats.size === 0) {
    response.end()
    return
  }
  const source = createReadStream(file, { start, end })
  source.on('error', () => response.destroy())
  response.on('close', () => source.destroy())
  source.pipe(response)
}

// One range is answered; several at once, or a header that is not understood, get the whole file, as HTTP allows.
function parseRange (header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  const [first, last] = [match[1], match[2]]
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}

function splitList (header) {
  return (header ?? '').split(',').map(item => item.trim()).filter(Boolean)
}

function sendText (response, status, text, type = 'text/plain; charset=utf-8') {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-cache', 'Content-Length': Buffer.byteLength(text) + 1 })
  response.end(text + '\n')
}

// A machine without a browser or a desktop is fine: the URL is printed anyway.
function openInBrowser (url) {
  const [command, ...args] = {
    darwin: ['open', url],
    win32: ['cmd', '/c', 'start', '', url]
  }[process.platform] ?? ['xdg-open', url]
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
