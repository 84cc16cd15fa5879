// What a database over HTTP does in every home: cases over nothing but fetch, which run in Node and in a page alike. Each
// gets a log of its own that is empty, with the views below, and throws where something is not as it should be.

/** The views that a home mounts for the cases, as docs/http.md has them. */
export const views = {
  types: { kind: 'reduce', version: 1, options: { count: true, groupBy: 'type' } },
  byN: { kind: 'level', version: 1, options: { keys: ['n'] } },
  byId: { kind: 'hashtable', version: 1, options: { key: 'n' } },
  words: { kind: 'search', version: 1, options: { fields: ['text'] } }
}

const ndjson = 'application/x-ndjson'
const events = 'text/event-stream'

const equal = (got, want, what = '') => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)]
  if (a !== b) throw new Error(`${what} is ${a?.slice(0, 500)}, not ${b?.slice(0, 500)}`)
}

const truthy = (holds, what) => {
  if (!holds) throw new Error(what)
}

/** A log of a home, by its URL. fetch is the platform's, with the token. */
class Home {
  constructor (fetch, url) {
    Object.assign(this, { fetch, url })
  }

  /** Makes a request, and reads the whole answer. */
  async call (method, path, body, headers = {}, signal) {
    if (body !== undefined) headers = { 'content-type': 'application/json', ...headers }
    const response = await this.fetch(this.url + path, { method, body, headers, signal, cache: 'no-store' })
    return { status: response.status, headers: response.headers, body: await response.text() }
  }

  async want (status, body, ...request) {
    const got = await this.call(...request)
    equal([got.status, got.body], [status, body], request.slice(0, 2).join(' '))
    return got
  }

  async problem (status, code, ...request) {
    const got = await this.call(...request)
    const what = `${request.slice(0, 2).join(' ')} ${String(request[2] ?? '').slice(0, 40)} ${JSON.stringify(request[3] ?? {})}`
    equal([got.status, got.headers.get('content-type')], [status, 'application/problem+json'], `${what}: ${got.body.slice(0, 300)}`)
    equal(JSON.parse(got.body).code, code, what)
    return got
  }

  async append (records, headers) {
    const got = await this.call('POST', 'records', records.map(record => JSON.stringify(record)).join('\n'), { 'content-type': ndjson, ...headers })
    equal(got.status, 201, got.body)
    return JSON.parse(got.body)
  }

  /** Opens a stream: next() is its next line that is not empty, undefined behind the last. */
  async follow (path, headers = {}) {
    const controller = new AbortController()
    const response = await this.fetch(this.url + path, { headers, signal: controller.signal, cache: 'no-store' })
    equal(response.status, 200, path)
    const reader = response.body.getReader()
    const decoder = new TextDecoder()
    let text = ''
    const next = async () => {
      for (;;) {
        const end = text.indexOf('\n')
        if (end < 0) {
          const { done, value } = await reader.read()
          if (done) return text ? `unfinished: ${text}` : undefined
          text += decoder.decode(value, { stream: true })
          continue
        }
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        if (line && line !== ':') return line
      }
    }
    return {
      headers: response.headers,
      next,
      async want (...lines) {
        for (const line of lines) equal(await next(), line, path)
      },
      leave: () => controller.abort()
    }
  }
}

const fill = n => Array.from({ length: n }, (_, i) => ({ n: i, type: 'ab'[i % 2], text: `text of ${i}` }))

export const cases = {
  async 'records are appended and read' (home) {
    await home.want(200, '{"since":-1}', 'GET', 'since')
    await home.want(200, '', 'GET', 'records')
    const first = await home.want(201, '{"first":0,"seq":0,"count":1}', 'POST', 'records', '{"n":0}')
    equal(first.headers.get('location'), 'records/0')
    await home.want(201, '{"first":1,"seq":3,"count":3}', 'POST', 'records', ' [{"n":1}, [2] ,"3"] ', { 'content-type': 'application/json; charset=UTF-8' })
    await home.want(201, '{"first":4,"seq":6,"count":3}', 'POST', 'records', '{"n":"ö☃"}\r\n\n[5]\n  null', { 'content-type': ndjson })
    await home.want(201, '{"first":7,"seq":7,"count":1}', 'POST', 'records', '{"n" :\n [ 7 , " \\n "\n] }')
    for (const [seq, record] of ['{"n":0}', '{"n":1}', '[2]', '"3"', '{"n":"ö☃"}', '[5]', 'null', '{"n":[7," \\n "]}'].entries()) {
      const { headers } = await home.want(200, record, 'GET', `records/${seq}`)
      equal(headers.get('content-type'), 'application/json')
    }
    await home.problem(404, 'NOT_FOUND', 'GET', 'records/8')
    await home.want(200, '{"since":7}', 'GET', 'since')
    await home.want(200, '', 'HEAD', 'records/0')
    const { records, deleted } = JSON.parse((await home.call('GET', 'stats')).body)
    equal([records, deleted], [8, 0])
  },

  async 'bad requests are told what is wrong, and change nothing' (home) {
    await home.append([{ n: 0 }])
    for (const [status, code, ...request] of [
      [400, 'INVALID_RECORD', 'POST', 'records', '{"n":}'],
      [400, 'INVALID_RECORD', 'POST', 'records', '{"n":1} {"n":2}'],
      [400, 'INVALID_RECORD', 'POST', 'records', '[]'],
      [400, 'INVALID_RECORD', 'POST', 'records', ''],
      [400, 'INVALID_RECORD', 'POST', 'records', '1\n2\n{\n', { 'content-type': ndjson }],
      [400, 'INVALID_RECORD', 'POST', 'records', '['.repeat(2000)],
      [415, 'INVALID_OPTION', 'POST', 'records', '1', { 'content-type': 'text/plain' }],
      [415, 'INVALID_OPTION', 'POST', 'records', '1', { 'content-type': 'application/json; charset=latin1' }],
      [415, 'INVALID_OPTION', 'POST', 'records', '1', { 'content-encoding': 'br' }],
      [400, 'INVALID_OPTION', 'POST', 'records', '1', { 'idempotency-key': 'k'.repeat(256) }],
      [400, 'INVALID_OPTION', 'POST', 'records?x=1', '1'],
      [405, 'INVALID_OPTION', 'PUT', 'records', '1'],
      [400, 'INVALID_OPTION', 'GET', 'records/x'],
      [400, 'INVALID_OPTION', 'GET', 'records/-1'],
      [404, 'NOT_FOUND', 'DELETE', 'records/1'],
      [400, 'INVALID_OPTION', 'DELETE', 'records?seqs=0,x'],
      [400, 'INVALID_OPTION', 'GET', 'records?lmit=2'],
      [400, 'INVALID_OPTION', 'GET', 'records?reverse=true&live=true'],
      [400, 'INVALID_OPTION', 'GET', 'records', undefined, { accept: events, 'last-event-id': 'x' }],
      [406, 'INVALID_OPTION', 'GET', 'records', undefined, { accept: 'image/png' }],
      [404, 'NOT_FOUND', 'GET', 'nothing'],
      [404, 'NOT_FOUND', 'GET', 'records/'],
      [404, 'NOT_FOUND', 'GET', 'views/none/get'],
      [400, 'INVALID_OPTION', 'GET', 'views/types/none'],
      [400, 'INVALID_OPTION', 'POST', 'views/types/get', '{}']
    ]) await home.problem(status, code, ...request)
    equal((await home.call('PUT', 'records/0', '1')).headers.get('allow'), 'GET, HEAD, DELETE')
    await home.want(400, '{"title":"Bad Request","status":400,"code":"INVALID_RECORD","detail":"line 3 is not valid JSON","line":3}', 'POST', 'records', '1\n\n{\n', { 'content-type': ndjson })
    await home.want(200, '{"seq":0,"value":{"n":0}}\n', 'GET', 'records')
  },

  async 'bodies that are too large are refused, and the next is taken' (home, { maxBody }) {
    await home.problem(413, 'TOO_LARGE', 'POST', 'records', `"${'x'.repeat(maxBody)}"`)
    await home.problem(413, 'TOO_LARGE', 'POST', 'views/types/get', `[${' '.repeat(1 << 20)}]`)
    await home.append([1])
    await home.want(200, '{"seq":0,"value":1}\n', 'GET', 'records')
  },

  async 'large records come back' (home, { maxBody }) {
    const sizes = [100_000, 2_500_000, 700, maxBody - 100]
    for (const [seq, size] of sizes.entries()) await home.append([{ seq, text: 'é'.repeat(size / 2 - 20) }])
    await home.append(Array.from({ length: 30 }, (_, i) => ({ small: i })))
    for (const [seq, size] of sizes.entries()) {
      const { body } = await home.call('GET', `records/${seq}`)
      equal(body === JSON.stringify({ seq, text: 'é'.repeat(size / 2 - 20) }), true, `record ${seq} as it was`)
    }
    const lines = (await home.call('GET', 'records')).body.trimEnd().split('\n')
    equal(lines.length, sizes.length + 30)
    equal(lines.at(-1), '{"seq":33,"value":{"small":29}}')
    await home.want(204, '', 'DELETE', 'records/1')
    await home.problem(410, 'DELETED', 'GET', 'records/1')
    equal(JSON.parse((await home.call('GET', 'records/3')).body).seq, 3)
  },

  async 'ranges have what they ask for' (home) {
    const n = 3000 // more than is read at a time
    await home.append(fill(n))
    for (const [query, first, last] of [
      ['', 0, n - 1],
      ['gt=10&lt=13', 11, 12],
      ['gte=10&lte=13', 10, 13],
      ['gt=-5&lte=2', 0, 2],
      ['limit=3', 0, 2],
      ['gte=7&limit=3', 7, 9],
      ['reverse=1', n - 1, 0],
      ['reverse=true&limit=3', n - 1, n - 3],
      ['gt=2&lte=4&reverse=1', 4, 3],
      ['gte=1000&lte=2000', 1000, 2000]
    ]) {
      const step = first < last ? 1 : -1
      const seqs = Array.from({ length: Math.abs(last - first) + 1 }, (_, i) => first + i * step)
      await home.want(200, seqs.join('\n') + '\n', 'GET', `records?values=false&${query}`)
    }
    for (const query of [`gt=${n - 1}`, 'lt=0', 'gt=5&lt=6', 'gte=8&lte=7']) await home.want(200, '', 'GET', `records?${query}`)
    await home.want(200, '{"n":0,"type":"a","text":"text of 0"}\n', 'GET', 'records?lte=0&seqs=false')
    // By which it can be told from one that was broken off.
    await home.want(200, '0\n1\n{"sync":true}\n', 'GET', 'records?lte=1&values=false&sync=true')
    await home.want(200, '{"sync":true}\n', 'GET', 'records?lt=0&sync=true')
  },

  async 'an append with a key is there once' (home) {
    await home.want(201, '{"first":0,"seq":1,"count":2}', 'POST', 'records', '[1,2]', { 'idempotency-key': 'a, b' })
    await home.append([3])
    for (const body of ['[1,2]', ' [ 1 , 2 ] ']) {
      const { headers } = await home.want(200, '{"first":0,"seq":1,"count":2}', 'POST', 'records', body, { 'idempotency-key': 'a, b' })
      equal(headers.get('idempotency-replayed'), 'true')
    }
    await home.problem(422, 'KEY_REUSED', 'POST', 'records', '[12]', { 'idempotency-key': 'a, b' })
    await home.want(204, '', 'DELETE', 'records/0')
    await home.want(200, '{"first":0,"seq":1,"count":2}', 'POST', 'records', '[1,2]', { 'idempotency-key': 'a, b' })
    // One key by many at once.
    const answers = await Promise.all(Array.from({ length: 20 }, () => home.call('POST', 'records', '["once"]', { 'idempotency-key': 'many' })))
    equal(new Set(answers.map(({ body }) => body)).size, 1, 'the number of different answers')
    equal(answers.filter(({ status }) => status === 201).length, 1, 'how many appended')
    await home.want(200, '{"since":3}', 'GET', 'since')
  },

  async 'caches are told what has changed' (home) {
    await home.append(fill(10))
    const tags = {}
    for (const path of ['records?gte=2&lte=4', 'records', 'records/3']) {
      const { headers } = await home.call('GET', path)
      tags[path] = headers.get('etag')
      equal(headers.get('cache-control'), 'private, no-cache', path)
      await home.want(304, '', 'GET', path, undefined, { 'if-none-match': tags[path] })
      equal((await home.call('GET', path, undefined, { 'if-none-match': '"other"' })).status, 200)
    }
    await home.append(['new'])
    await home.want(304, '', 'GET', 'records?gte=2&lte=4', undefined, { 'if-none-match': tags['records?gte=2&lte=4'] })
    equal((await home.call('GET', 'records', undefined, { 'if-none-match': tags.records })).status, 200)
    await home.want(204, '', 'DELETE', 'records/3')
    equal((await home.call('GET', 'records?gte=2&lte=4', undefined, { 'if-none-match': tags['records?gte=2&lte=4'] })).status, 200)
    await home.problem(410, 'DELETED', 'GET', 'records/3', undefined, { 'if-none-match': tags['records/3'] })
  },

  async 'deleted records stay deleted' (home) {
    await home.append(fill(6))
    await home.want(204, '', 'DELETE', 'records/2')
    await home.want(204, '', 'DELETE', 'records/2')
    await home.want(204, '', 'DELETE', 'records?seqs=0,4,5')
    await home.problem(404, 'NOT_FOUND', 'DELETE', 'records?seqs=1,99')
    await home.want(200, '1\n3\n', 'GET', 'records?values=false')
    await home.want(200, '3\n1\n', 'GET', 'records?values=false&reverse=true')
    const { records, deleted } = JSON.parse((await home.call('GET', 'stats')).body)
    equal([records, deleted], [6, 4])
  },

  async 'views have seen what was appended before' (home) {
    await home.append(fill(300))
    const { headers } = await home.want(200, '{"a":150,"b":150}', 'GET', 'views/types/get')
    equal([headers.get('flumedb-since'), headers.get('cache-control')], ['299', 'no-store'])
    await home.want(200, '{"seq":7,"value":{"n":7,"type":"b","text":"text of 7"}}', 'POST', 'views/byId/get', '[7]')
    await home.want(200, '{"items":[{"seq":42}]}', 'POST', 'views/words/query', '[{"query":"of 42","values":false}]')
    await home.want(200, Array.from({ length: 300 }, (_, i) => `${i}\n`).join(''), 'POST', 'views/byN/read', '[{"values":false,"seqs":false}]', { accept: ndjson })
    await home.append([{ n: 1000, type: 'c' }])
    await home.want(200, '{"a":150,"b":150,"c":1}', 'GET', 'views/types/get')
    equal(JSON.parse((await home.call('GET', 'views')).body).map(({ name }) => name).sort(), Object.keys(views).sort())
    const progress = JSON.parse((await home.call('GET', 'progress')).body)
    equal([progress.target, progress.views.length], [300, 4])
    const live = await home.follow('views/byId/read?args=' + encodeURIComponent('[{"key":1,"live":true}]'), { accept: ndjson })
    await live.want('{"seq":1,"value":{"n":1,"type":"b","text":"text of 1"}}')
    await home.append([{ n: 1 }])
    await live.want('{"seq":301,"value":{"n":1}}')
    live.leave()
  },

  async 'live records come as they are appended' (home) {
    await home.append(fill(2))
    const live = await home.follow('records?live=true&values=false&sync=true')
    await live.want('0', '1', '{"sync":true}')
    await home.append(['a'])
    await live.want('2')
    await home.append(['b', 'c'])
    await live.want('3', '4')
    live.leave()

    const limited = await home.follow('records?old=false&seqs=false&limit=2')
    await home.append(['d'])
    await home.append(['e', 'f'])
    await limited.want('"d"', '"e"', undefined)
  },

  async 'events resume behind the last that came' (home) {
    await home.append(fill(3))
    await home.want(204, '', 'DELETE', 'records/1')
    const source = await home.follow('records?seqs=false&sync=true', { accept: events })
    equal(source.headers.get('content-type'), events)
    await source.want('id: 0', 'data: {"n":0,"type":"a","text":"text of 0"}', 'id: 2', 'data: {"n":2,"type":"a","text":"text of 2"}', 'event: sync', 'data: 2')
    await home.append([{ a: 'b' }])
    await source.want('id: 3', 'data: {"a":"b"}')
    source.leave()
    await home.append([4])
    for (let i = 0; i < 2; i++) {
      const again = await home.follow('records?gte=1&old=false', { accept: events, 'last-event-id': '2' })
      await again.want('id: 3', 'data: {"seq":3,"value":{"a":"b"}}', 'id: 4', 'data: {"seq":4,"value":4}')
      again.leave()
    }
    const since = await home.follow('since', { accept: events })
    await since.want('data: 4')
    await home.append([5])
    await since.want('data: 5')
    since.leave()
  },

  async 'a stream that is left at random and resumed misses nothing' (home) {
    const total = 400
    const appending = (async () => {
      for (let i = 0; i < total; i += 10) await home.append(Array.from({ length: 10 }, (_, j) => i + j))
    })()
    for (let next = 0, round = 0; next < total; round++) {
      const source = await home.follow('records', { accept: events, ...(next > 0 && { 'last-event-id': String(next - 1) }) })
      for (let n = 1 + (round * 37) % 90; n > 0 && next < total; n--, next++) await source.want(`id: ${next}`, `data: {"seq":${next},"value":${next}}`)
      source.leave()
    }
    await appending
  },

  async 'requests in parallel, aborted ones among them, are answered, and what was acknowledged is there once' (home) {
    const acknowledged = []
    const failures = []
    let aborted = 0
    const one = async i => {
      const controller = new AbortController()
      const key = `par ${i}`
      try {
        if (i % 4 === 0) setTimeout(() => controller.abort(), i % 17)
        if (i % 4 < 2) {
          const { status, body } = await home.call('POST', 'records', JSON.stringify({ key }), { 'idempotency-key': key }, controller.signal)
          if (status === 201 || status === 200) acknowledged.push(key)
          else failures.push(`${status} ${body}`)
        } else if (i % 4 === 2) {
          const live = await home.follow('records?live=true&values=false&sync=true')
          await live.next()
          live.leave()
        } else {
          const { status, body } = await home.call('GET', 'records?limit=50&seqs=false')
          if (status !== 200) failures.push(`${status} ${body}`)
        }
        return true
      } catch (error) {
        if (error.name === 'AbortError') aborted++
        else lost = `${error} ${error.cause ?? ''}`
        return error.name === 'AbortError'
      }
    }
    // A server may close a connection that nobody has used for a while, when the next request is on its way: it is made again.
    let lost
    const insist = async i => {
      for (let tries = 0; !(await one(i)); tries++) if (tries === 5) return failures.push(lost)
    }
    let next = 0
    await Promise.all(Array.from({ length: 32 }, async () => { while (next < 800) await insist(next++) }))
    equal(failures, [])
    truthy(aborted > 5, `only ${aborted} were aborted`)
    const there = new Map()
    for (const line of (await home.call('GET', 'records?seqs=false')).body.trim().split('\n')) there.set(JSON.parse(line).key, (there.get(JSON.parse(line).key) ?? 0) + 1)
    for (const key of acknowledged) equal(there.get(key), 1, key)
    for (const [key, n] of there) equal(n, 1, key)
  },

  async 'readers that take nothing hold up nobody' (home) {
    const text = 'x'.repeat(100_000)
    for (let i = 0; i < 20; i++) await home.append(Array(10).fill({ text }))
    const controllers = []
    for (let i = 0; i < 10; i++) {
      const controller = new AbortController()
      await home.fetch(`${home.url}records?live=true`, { signal: controller.signal, cache: 'no-store' })
      controllers.push(controller)
    }
    const { body } = await home.call('GET', 'records')
    equal(body.split('\n').length, 201)
    await home.append(['beside'])
    for (const controller of controllers) controller.abort()
    await home.want(200, '"beside"', 'GET', 'records/200')
  }
}

/** Runs one case on the log at url, which ends in a slash. maxBody is the most bytes that the home takes in an append. */
export async function run (title, { fetch, url, maxBody = 16 << 20 }) {
  await cases[title](new Home(fetch, url), { maxBody })
}
