// Compiles a module of wasm/ to wasm.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

// Inlining makes what is fetched several per cent larger and is worth it only where records pass: it is off for all packages
// but these, of which the last setting that matches counts. Nobody fetches the module for Node, which is inlined throughout:
// Go's scheduler and allocator take a good part of a small call.
const inlined = ['github.com/flumedb/flumedb-wasm/...', 'github.com/cespare/xxhash/v2', 'encoding/binary']
const small = ['-gcflags=all=-l', ...inlined.map(name => `-gcflags=${name}=`)]

// Same sources and toolchain, same bytes: no paths of this machine, no version control state. strip leaves out the
// symbols, which only `make size` wants.
export function compileWasm ({ module, out, build, strip = true }) {
  const ldflags = `${strip ? '-s -w ' : ''}-X github.com/flumedb/flumedb-wasm/jsbridge.build=${build} -X github.com/flumedb/flumedb-wasm/jsbridge/fetch.build=${build}`
  const gcflags = module === 'flumedb-node' ? [] : small
  const args = ['build', '-trimpath', '-buildvcs=false', '-tags=nethttpomithttp2', `-overlay=${withoutTLS()}`, ...gcflags, `-ldflags=${ldflags}`, '-o', out, `./wasm/${module}`]
  execFileSync('go', args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, GOOS: 'js', GOARCH: 'wasm', GOWASM: '', GOFLAGS: '' } })
}

// Modules with net/http have neither HTTP/2 nor TLS of their own, since the host does both: wasm/internal/tls says what that
// is worth. Where a newer net/http needs more of crypto/tls, the build fails and names it.
function withoutTLS () {
  const folder = join(execFileSync('go', ['env', 'GOROOT'], { cwd: root, encoding: 'utf8' }).trim(), 'src/crypto/tls')
  const sources = readdirSync(folder).filter(name => name.endsWith('.go') && !name.endsWith('_test.go'))
  // An empty path is a file that is not there.
  const Replace = Object.fromEntries(sources.map(name => [join(folder, name), name === 'tls.go' ? join(root, 'wasm/internal/tls/tls.go') : '']))
  const overlay = join(root, 'npm/.tmp/without-tls.json')
  mkdirSync(join(root, 'npm/.tmp'), { recursive: true })
  // Another build may be reading it.
  writeFileSync(`${overlay}-${process.pid}`, JSON.stringify({ Replace }))
  renameSync(`${overlay}-${process.pid}`, overlay)
  return overlay
}
