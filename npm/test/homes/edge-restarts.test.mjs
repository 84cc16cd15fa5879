// The Worker when its objects are evicted, crash, or all of workerd is killed, and when requests are not to its liking.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect as connectTo } from 'flumedb-wasm/client'
import { abortable, openEdge, unlessWorkerd } from './edge.mjs'
import { killChildren } from './kill-children.mjs'
import { token, withToken } from './flumed.mjs'

const folder = mkdtempSync(join(tmpdir(), 'flumedb-edge-restarts-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const send = withToken(token)
const json = { 'content-type': 'application/json' }

/** Appends with keys until all are acknowledged, while disturb is called that many times, so many ms apart. */
async function appendThrough ({ where, names, disturb, most, apart, total = 150 }) {
  let running = true
  const disturbing = (async () => {
    let times = 0
    while (running && times < most) {
      await new Promise(resolve => setTimeout(resolve, apart))
      if (running) await disturb(names[times++ % names.length])
    }
    return times
  })()
  let retries = 0
  const write = async (name, writer) => {
    for (let i = 0; i < total; i++) {
      for (;;) {
        const failed = await send(`${where()}/logs/${name}/records`, {
          method: 'POST', body: JSON.stringify([{ writer, i }, 'more']), headers: { ...json, 'idempotency-key': `${writer}/${i}` }
        }).then(async response => {
          const text = await response.text().catch(() => undefined)
          if (text === undefined) return true // it was killed in the middle of its answer
          if (response.ok) return false
          assert.ok(response.status >= 500, `${response.status} ${text}`)
          return true
        }, () => true)
        if (!failed) break
        retries++
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    }
  }
  await Promise.all(names.flatMap(name => ['a', 'b'].map(writer => write(name, writer)))).finally(() => (running = false))
  return { times: await disturbing, retries }
}

async function assertWhole ({ origin, names, total = 150 }) {
  for (const name of names) {
    const lines = (await (await send(`${origin}/logs/${name}/records?seqs=false`)).text()).trim().split('\n').map(line => JSON.parse(line))
    assert.equal(lines.length, 4 * total, name)
    const next = { a: 0, b: 0 }
    for (let i = 0; i < lines.length; i += 2) {
      assert.equal(lines[i].i, next[lines[i].writer]++, `${name}, record ${i}`)
      assert.equal(lines[i + 1], 'more')
    }
  }
}

test('objects that are aborted in mid-append lose and double nothing', { timeout: 180_000, ...unlessWorkerd }, async t => {
  const edge = await openEdge({ main: abortable, persist: join(folder, 'abort') })
  try {
    const names = ['one', 'two']
    const { times, retries } = await appendThrough({ where: () => edge.origin, names, most: 12, apart: 300, disturb: name => send(`${edge.origin}/logs/${name}/abort`).then(response => response.text(), () => {}) })
    await assertWhole({ origin: edge.origin, names })
    t.diagnostic(`${times} aborts, ${retries} requests made again`)
    assert.ok(times > 3 && retries > 0, `${times} aborts, ${retries} requests made again`)
  } finally {
    await edge.close()
  }
})

test('workerd killed in mid-append loses and doubles nothing', { timeout: 180_000, ...unlessWorkerd }, async t => {
  const persist = join(folder, 'kill')
  let edge = await openEdge({ persist })
  const names = ['one', 'two']
  try {
    const { times, retries } = await appendThrough({
      where: () => edge.origin,
      names,
      most: 3,
      apart: 150, // on a fast machine all is appended within a second
      total: 40,
      async disturb () {
        killChildren(/workerd/)
        await edge.close().catch(() => {})
        edge = await openEdge({ persist })
      }
    })
    await assertWhole({ origin: edge.origin, names, total: 40 })
    t.diagnostic(`${times} kills, ${retries} requests made again`)
    assert.ok(times > 0 && retries > 0)
  } finally {
    await edge.close()
  }
})

test('a range that is broken off can be told from a whole one, and a client does', { timeout: 120_000, ...unlessWorkerd }, async () => {
  const damaging = abortable.replace("return super", `
      if (new URL(request.url).pathname === '/damage') {
        this.ctx.storage.sql.exec('UPDATE segments SET bytes = zeroblob(length(bytes)) WHERE last = 2')
        return new Response()
      }
      return super`)
  const edge = await openEdge({ main: damaging })
  const ask = async (path, init) => {
    const response = await send(`${edge.origin}/logs/damaged/${path}`, init)
    return { status: response.status, text: await response.text() }
  }
  try {
    for (let n = 0; n < 4; n++) await ask('records', { method: 'POST', body: JSON.stringify({ n, text: 'x'.repeat(200_000) }), headers: json })
    assert.match((await ask('records?sync=true')).text, /\n\{"sync":true\}\n$/)
    await ask('damage')
    await ask('abort').catch(() => {})
    const { status, text } = await ask('records/2')
    assert.deepEqual([status, JSON.parse(text).code, JSON.parse(text).seq], [500, 'CORRUPT', 2])
    const broken = await ask('records?sync=true').catch(() => ({ text: '' }))
    assert.ok(!broken.text.includes('"sync"'))
    const seqs = []
    await assert.rejects(async () => {
      for await (const { seq } of connectTo(`${edge.origin}/logs/damaged/`, { fetch: send }).stream({ live: false })) seqs.push(seq)
    }, { code: 'CORRUPT' })
    assert.deepEqual(seqs, [0, 1])
    assert.match((await ask('records?sync=true&gt=2')).text, /^\{"seq":3,[^\n]*\n\{"sync":true\}\n$/)
  } finally {
    await edge.close()
  }
})

test('what is refused is told so, and reaches no object', { timeout: 120_000, ...unlessWorkerd }, async () => {
  const counting = `
    import worker, { FlumeLog as Log } from './index.mjs'
    let made = 0
    export class FlumeLog extends Log {
      constructor (...args) { super(...args); made++ }
    }
    export default { fetch: (request, env) => new URL(request.url).pathname === '/made' ? new Response(String(made)) : worker.fetch(request, env) }
  `
  const edge = await openEdge({ main: counting, origins: 'https://app.example, https://other.example' })
  try {
    const refused = async (status, code, path, init) => {
      const response = await fetch(edge.origin + path, init)
      const text = await response.text()
      assert.deepEqual([response.status, response.headers.get('content-type'), JSON.parse(text).code], [status, 'application/problem+json', code], `${path} ${text}`)
      return response
    }
    const authorization = `Bearer ${token}`
    for (const wrong of [undefined, 'Bearer', 'Bearer no', `Basic ${token}`, `Bearer ${token}x`]) {
      const response = await refused(401, 'UNAUTHORIZED', '/logs/secret/records', { method: 'POST', body: '1', headers: { ...json, ...(wrong && { authorization: wrong }) } })
      assert.match(response.headers.get('www-authenticate'), /^Bearer/)
    }
    for (const name of ['A', 'a%20b', '%00', 'x'.repeat(65), '~']) await refused(400, 'INVALID_OPTION', `/logs/${name}/since`, { headers: { authorization } })
    await refused(404, 'NOT_FOUND', '/', { headers: { authorization } })
    await refused(404, 'NOT_FOUND', '/logs/../since', { headers: { authorization } })
    await refused(403, 'UNAUTHORIZED', '/logs/a/since', { method: 'OPTIONS', headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' } })
    const preflight = await fetch(`${edge.origin}/logs/a/since`, { method: 'OPTIONS', headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' } })
    assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [204, 'https://app.example'])
    assert.equal(await (await fetch(`${edge.origin}/made`)).text(), '0')

    const let_in = await fetch(`${edge.origin}/logs/a/since`, { headers: { origin: 'https://app.example', authorization } })
    assert.deepEqual([await let_in.text(), let_in.headers.get('access-control-allow-origin'), let_in.headers.get('vary')], ['{"since":-1}', 'https://app.example', 'Origin'])
    assert.equal(await (await fetch(`${edge.origin}/made`)).text(), '1')
  } finally {
    await edge.close()
  }
})

test('without a token nobody is let in', { timeout: 60_000, ...unlessWorkerd }, async () => {
  const edge = await openEdge({ token: '' })
  try {
    for (const authorization of ['Bearer ', 'Bearer undefined', 'Bearer null', '']) {
      const response = await fetch(`${edge.origin}/logs/a/since`, { headers: { authorization } })
      assert.equal(response.status, 401, await response.text())
    }
  } finally {
    await edge.close()
  }
})

test('clients that send half a body hold up nobody', { timeout: 120_000, ...unlessWorkerd }, async () => {
  const edge = await openEdge()
  const sockets = []
  try {
    const { port, hostname } = new URL(edge.origin)
    for (let i = 0; i < 30; i++) {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      socket.write(`POST /logs/slow/records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n[1,`)
      sockets.push(socket)
    }
    for (const name of ['slow', 'other']) {
      for (let i = 0; i < 5; i++) {
        const response = await send(`${edge.origin}/logs/${name}/records`, { method: 'POST', body: String(i), headers: json })
        assert.equal(response.status, 201, await response.text())
      }
    }
  } finally {
    for (const socket of sockets) socket.destroy()
    await edge.close()
  }
})
