// Runs a js/wasm Go test binary in a real browser, for go test -exec:
//
//   GOOS=js GOARCH=wasm go test -exec "node $PWD/npm/scripts/goexec.mjs chromium:page" ./jsbridge/...
//   GOOS=js GOARCH=wasm go test -exec "node $PWD/npm/scripts/goexec.mjs firefox:worker" ./jsbridge/...
//
// The binary runs in a page or in a dedicated worker of a fresh profile. It gets its arguments, and the environment
// variables of Go and of our tests; its output and exit code come back by POST. Nothing but Node and the browser is needed.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { engines, makeProfile, startBrowser } from './browser-process.mjs'

const [target, binary, ...args] = process.argv.slice(2)
const [engine, context = 'page'] = (target ?? '').split(':')
if (!engines.includes(engine) || !['page', 'worker'].includes(context) || !binary) {
  console.error(`usage: goexec.mjs ${engines.join('|')}[:page|:worker] BINARY [ARGUMENT...]`)
  process.exit(2)
}

// Go's start-up has room for 8 KiB of arguments and environment together, so only what a test may want is passed.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(GO|FLUMEDB_|RAPID_|TZ$)/.test(name)))

// The two scripts below run in the browser.

// Runs the binary in whichever context loads this script.
const runScript = `
  const post = (path, body) => fetch(path, { method: 'POST', body }).catch(() => {})
  let sent = Promise.resolve() // one POST at a time keeps the output in order
  const send = (path, body) => { sent = sent.then(() => post(path, body)) }
  let exited = false // then an event may still call what was Go's
  const fail = error => {
    if (exited) return
    send('/output/2', String(error && error.stack || error) + '\\n')
    send('/exit', '1')
  }
  self.addEventListener('error', event => {
    if (exited) event.preventDefault() // or the worker's page hears of it
    fail(event.error || event.message)
  })
  self.addEventListener('unhandledrejection', event => fail(event.reason))
  ;(async () => {
    const { args, environment } = await (await fetch('/start.json')).json()
    const go = new Go()
    // There are no files: a test that looks for one, as fuzz tests look for their corpus, is told that it does not exist.
    fs.constants = { O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 65536 }
    const missing = (...args) => args.at(-1)(Object.assign(new Error('no such file'), { code: 'ENOENT' }))
    Object.assign(fs, { open: missing, stat: missing, lstat: missing })
    fs.writeSync = (fd, bytes) => {
      send('/output/' + fd, bytes.slice())
      return bytes.length
    }
    go.argv = ['test', ...args]
    go.env = environment
    go.exit = code => {
      exited = true
      send('/exit', String(code))
    }
    const { instance } = await WebAssembly.instantiateStreaming(fetch('/test.wasm'), go.importObject)
    await go.run(instance)
  })().catch(fail)
`
const pages = {
  page: '<!doctype html><title>go test</title><script src="/wasm_exec.js"></script><script src="/run.js"></script>',
  worker: `<!doctype html><title>go test</title><script>
    const worker = new Worker('/worker.js')
    worker.onerror = event => fetch('/output/2', { method: 'POST', body: 'worker: ' + event.message + '\\n' })
      .then(() => fetch('/exit', { method: 'POST', body: '1' }))
  </script>`
}

const profile = makeProfile('goexec')
let browser
let finished = false

async function finish (code, reason) {
  if (finished) return
  finished = true
  if (reason) process.stderr.write(`goexec: ${reason}\n`)
  await browser?.kill()
  profile.remove()
  process.exit(code)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => finish(1, `stopped by ${signal}`))
process.on('uncaughtException', error => finish(1, error.stack))
process.on('unhandledRejection', error => finish(1, error?.stack ?? String(error)))

// go test's own time limit is a timer inside the binary, which cannot fire while it spins: ours is the second line.
const limit = args.map(arg => /^-test\.timeout=(.+)$/.exec(arg)?.[1]).find(Boolean)
const milliseconds = limit ? goDuration(limit) : 0
if (milliseconds > 0) setTimeout(() => finish(1, `no exit ${limit} and 30 s after the start`), milliseconds + 30_000)

const served = {
  '/': ['text/html', pages[context]],
  '/start.json': ['application/json', JSON.stringify({ args, environment })],
  '/wasm_exec.js': ['text/javascript', readFileSync(join(goroot(), 'lib/wasm/wasm_exec.js'))],
  '/run.js': ['text/javascript', runScript],
  '/worker.js': ['text/javascript', "importScripts('/wasm_exec.js', '/run.js')"],
  '/test.wasm': ['application/wasm', readFileSync(binary)]
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  if (request.method === 'POST') {
    const body = []
    for await (const part of request) body.push(part)
    const bytes = Buffer.concat(body)
    if (pathname === '/output/1') process.stdout.write(bytes)
    if (pathname === '/output/2') process.stderr.write(bytes)
    response.end()
    if (pathname === '/exit') finish(Number(bytes.toString()))
    return
  }
  const [type, body] = served[pathname] ?? []
  if (!type) return response.writeHead(404).end()
  response.writeHead(200, { 'content-type': type }).end(body)
})

server.listen(0, '127.0.0.1', () => {
  browser = startBrowser(engine, { profile: profile.folder, args: [`http://localhost:${server.address().port}/`] })
  let complaints = ''
  browser.stderr.on('data', data => { complaints = (complaints + data).slice(-4000) })
  browser.exited.then(() => finish(1, `${engine} ended before the test binary did:\n${complaints}`), error => finish(1, error.message))
})

function goroot () {
  // This process inherits GOOS=js, which the go command itself must not see.
  const { GOOS, GOARCH, ...env } = process.env
  return execFileSync('go', ['env', 'GOROOT'], { env, encoding: 'utf8' }).trim()
}

// The milliseconds of a Go duration like 10m0s or 1h0m0s.
function goDuration (text) {
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  let total = 0
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ms|s|m|h)/g)) total += Number(number) * units[unit]
  return total
}
