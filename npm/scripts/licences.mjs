// Collects the licences of all that is compiled into the wasm: Go's own and those of the modules it links.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export function thirdPartyLicences () {
  const go = (...args) => execFileSync('go', args, { cwd: root, encoding: 'utf8', env: { ...process.env, GOOS: 'js', GOARCH: 'wasm' } }).trim()
  const modules = new Set(go('list', '-deps', '-f', '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}', './wasm/...').split('\n').filter(Boolean))
  const parts = [`Go (the runtime and standard library, and wasm_exec.js)\n\n${licenceIn(go('env', 'GOROOT'))}`]
  for (const line of [...modules].sort()) {
    const [name, folder] = line.split('\t')
    parts.push(`${name}\n\n${licenceIn(folder)}`)
  }
  return parts.join(`\n${'-'.repeat(80)}\n\n`)
}

function licenceIn (folder) {
  const name = readdirSync(folder).find(name => /^(licen[sc]e|copying)/i.test(name))
  if (!name) throw new Error(`no licence in ${folder}`)
  return readFileSync(join(folder, name), 'utf8')
}
