// Appends over HTTP to the homes of a log beyond one machine: the Go server, and the Worker on this machine's workerd. Of
// each the whole way is measured, from a client in this process over the loopback and back.

import { execFileSync } from 'node:child_process'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEdge } from '../edge/local.mjs'
import { startFlumed, token } from '../test/homes/flumed.mjs'

const CLIENTS = 64
const SINGLES = 300
const PARALLEL = 3000
const BATCHES = 20
const BATCH = 1000
const record = (n) => JSON.stringify({ n, text: 'x'.repeat(600 - 20) })

const HOMES = {
  'flumed, strict': (dir) => startFlumed({ dir }),
  'flumed, relaxed': (dir) => startFlumed({ dir, args: ['-durability', 'relaxed'] }),
  async workerd(persist) {
    execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/build-edge.mjs', import.meta.url))], { stdio: ['ignore', 2, 2] })
    return startEdge({ persist, token })
  },
}

export async function runHomes({ options, results, scratch }) {
  const started = performance.now()
  const count = (n) => (options.isQuick ? Math.ceil(n / 10) : n)
  for (const [name, start] of Object.entries(HOMES)) {
    options.progress(`homes, ${name}`)
    const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
    let home
    try {
      home = await start(join(scratch, name.replace(/\W+/g, '-')))
      for (let rep = 0; rep < options.reps; rep++) {
        const append = appender({ agent, url: `${home.origin}/logs/rep-${rep}/records` })
        await append(record(0)) // opens the log
        const samples = []
        for (let n = 0; n < count(SINGLES); n++) samples.push(await timed(() => append(record(n))))
        results.add('homes', 'appendOne', name, { samples })

        let next = 0
        const parallel = await timed(() => Promise.all(Array.from({ length: CLIENTS }, async () => {
          while (next++ < count(PARALLEL)) await append(record(next))
        })))
        results.add('homes', 'appendParallel', name, { ms: parallel, count: count(PARALLEL) })

        const lines = Array.from({ length: BATCH }, (_, n) => record(n)).join('\n')
        const batches = await timed(async () => {
          for (let n = 0; n < count(BATCHES); n++) await append(lines, 'application/x-ndjson')
        })
        results.add('homes', 'appendBatches', name, { ms: batches, count: count(BATCHES) * BATCH })
      }
    } catch (error) {
      results.fail('homes', 'append', name, error)
    } finally {
      agent.destroy()
      await home?.close()
    }
  }
  options.took('homes', performance.now() - started)
}

async function timed(run) {
  const started = performance.now()
  await run()
  return performance.now() - started
}

function appender({ agent, url }) {
  return (body, type = 'application/json') => new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type, 'content-length': Buffer.byteLength(body) }
    const sent = request(url, { agent, method: 'POST', headers }, async (response) => {
      let text = ''
      for await (const piece of response) text += piece
      if (response.statusCode === 201) resolve()
      else reject(new Error(`${response.statusCode} ${text}`))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
