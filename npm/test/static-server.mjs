// A web server on localhost for browser tests: folders and made-up files, and handlers for POST.

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'

const types = {
  '.cjs': 'text/javascript',
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm'
}

// get maps a path to { type, body }, or a path that ends in / to a folder or to a function that answers the request; the
// longest match counts. post maps a path
// to a function of the parsed JSON body, whose answer is sent back as JSON. Answers { origin, close }.
export async function serve ({ get = {}, post = {}, headers = {} }) {
  const prefixes = Object.keys(get).sort((a, b) => b.length - a.length)
  const server = createServer((request, response) => {
    answer(request, response).catch(error => {
      if (response.headersSent) return response.destroy()
      response.writeHead(500).end(error.stack)
    })
  })

  async function answer (request, response) {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname)
    if (request.method === 'POST') {
      const handler = post[path]
      if (!handler) return response.writeHead(404).end()
      const parts = []
      for await (const part of request) parts.push(part)
      const result = await handler(JSON.parse(Buffer.concat(parts).toString()))
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result ?? null))
    }
    const prefix = prefixes.find(prefix => path === prefix || (typeof get[prefix] !== 'object' && path.startsWith(prefix)))
    if (prefix === undefined) return response.writeHead(404).end(`nothing at ${path}`)
    const found = get[prefix]
    if (typeof found === 'function') return found(request, response)
    const common = { 'cache-control': 'no-store', ...headers }
    if (typeof found === 'object') return response.writeHead(200, { ...common, 'content-type': found.type }).end(found.body)
    let file = join(found, normalize('/' + path.slice(prefix.length)))
    if (path.endsWith('/')) file = join(file, 'index.html')
    const isFile = await stat(file).then(info => info.isFile(), () => false)
    if (!isFile) return response.writeHead(404).end(`nothing at ${path}`)
    response.writeHead(200, { ...common, 'content-type': types[extname(file)] ?? 'application/octet-stream' })
    createReadStream(file).pipe(response)
  }

  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://localhost:${server.address().port}`,
    close: () => new Promise(resolve => {
      server.close(resolve)
      server.closeAllConnections()
    })
  }
}
