// Runs the Worker on this machine: make edge.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEdge } from './local.mjs'

const token = process.env.FLUMED_TOKEN || randomUUID()
const persist = join(fileURLToPath(new URL('.', import.meta.url)), '.wrangler/state')
const edge = await startEdge({ persist, token, port: Number(process.env.PORT ?? 8787) })
console.log(`The logs are under ${edge.origin}/logs/, kept in ${persist}.

  curl -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"n":1}' ${edge.origin}/logs/journal/records
  curl -H 'Authorization: Bearer ${token}' ${edge.origin}/logs/journal/records
`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => edge.close().then(() => process.exit(0)))
