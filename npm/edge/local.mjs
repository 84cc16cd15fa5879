// The Worker on this machine's workerd, as wrangler.jsonc has it:
//
//   const edge = await startEdge({ persist: folder, token: 'secret' })
//   await fetch(`${edge.origin}/logs/journal/since`, { headers: { authorization: 'Bearer secret' } })
//   await edge.close()

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Miniflare } from 'miniflare'
import ts from 'typescript'

const folder = dirname(fileURLToPath(import.meta.url))
const dist = join(folder, 'dist')

/** main is another module to run than the entry, as text; it may import ./index.mjs. */
export async function startEdge ({ persist, token, port = 0, origins, views, main }) {
  const { config, error } = ts.parseConfigFileTextToJson('wrangler.jsonc', readFileSync(join(folder, 'wrangler.jsonc'), 'utf8'))
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'))
  const sqlite = new Set(config.migrations.flatMap(({ new_sqlite_classes: names }) => names))
  const entry = { type: 'ESModule', path: 'index.mjs', contents: readFileSync(join(dist, 'index.mjs'), 'utf8') }
  const wasm = { type: 'CompiledWasm', path: 'flumedb-edge.wasm', contents: readFileSync(join(dist, 'flumedb-edge.wasm')) }
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port,
    modules: main ? [{ type: 'ESModule', path: 'main.mjs', contents: main }, entry, wasm] : [entry, wasm],
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    durableObjects: Object.fromEntries(config.durable_objects.bindings.map(({ name, class_name: className }) => [name, { className, useSQLite: sqlite.has(className) }])),
    bindings: { ...config.vars, ...(token && { TOKEN: token }), ...(origins && { ORIGINS: origins }), ...(views && { VIEWS: views }) },
    ...(persist && { defaultPersistRoot: persist }),
    cf: false
  })
  const url = await miniflare.ready
  return { origin: url.origin, close: () => miniflare.dispose() }
}
