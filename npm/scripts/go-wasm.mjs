// Compiles a module of wasm/ to wasm.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

// Inlining makes Go's wasm several per cent larger and is worth it only where records pass: it is off for all packages
// but these, of which the last setting that matches counts.
const inlined = ['github.com/flumedb/flumedb-wasm/...', 'github.com/cespare/xxhash/v2', 'encoding/binary']
const gcflags = ['-gcflags=all=-l', ...inlined.map(name => `-gcflags=${name}=`)]

// Same sources and toolchain, same bytes: no paths of this machine, no version control state. strip leaves out the
// symbols, which only `make size` wants.
export function compileWasm ({ module, out, build, strip = true }) {
  const ldflags = `${strip ? '-s -w ' : ''}-X github.com/flumedb/flumedb-wasm/jsbridge.build=${build} -X github.com/flumedb/flumedb-wasm/jsbridge/fetch.build=${build}`
  const args = ['build', '-trimpath', '-buildvcs=false', ...gcflags, `-ldflags=${ldflags}`, '-o', out, `./wasm/${module}`]
  execFileSync('go', args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, GOOS: 'js', GOARCH: 'wasm', GOWASM: '', GOFLAGS: '' } })
}
