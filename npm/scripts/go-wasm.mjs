// Compiles the main module to wasm.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

// Same sources and toolchain, same bytes: no paths of this machine, no version control state. strip leaves out the
// symbols, which only `make size` wants.
export function compileWasm ({ out, build, tags = [], strip = true }) {
  const ldflags = `${strip ? '-s -w ' : ''}-X github.com/flumedb/flumedb-wasm/jsbridge.build=${build}`
  const args = ['build', '-trimpath', '-buildvcs=false', `-tags=${tags.join(',')}`, `-ldflags=${ldflags}`, '-o', out, './wasm/flumedb']
  execFileSync('go', args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, GOOS: 'js', GOARCH: 'wasm', GOWASM: '', GOFLAGS: '' } })
}
