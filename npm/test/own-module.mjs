// The Go module that docs/writing-views.md has a user write, made of the code as it is printed there.

import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(join(root, 'docs/writing-views.md'), 'utf8')

/** The files that are printed, by their names: each stands behind the last file that is named before it. */
export const files = {}
/** The commands that are printed. */
export const commands = []
let name
for (const [, named, language, code] of page.matchAll(/`([\w/.]+\.(?:go|ts))`|^```(\w+)\n([^]*?)^```/gm)) {
  if (named) name = named
  else if (language === 'sh') commands.push(...code.trim().split('\n'))
  else {
    if (files[name]) throw new Error(`${name} is printed twice`)
    files[name] = code
  }
}

const run = async (folder, command) => {
  const env = { ...process.env, GOFLAGS: '-mod=mod', GOWORK: 'off' }
  await promisify(execFile)('bash', ['-c', command], { cwd: folder, env, maxBuffer: 1 << 24 }).catch(err => {
    throw new Error(`${command}\n${err.stdout}${err.stderr}`)
  })
}

/**
 * Makes the module in a folder, over this repository as it is. Answers { run, build }: run runs a command there, build the
 * one that is printed.
 */
export async function makeOwnModule (folder) {
  for (const [name, code] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), code)
  }
  const [init, get, build] = commands
  await run(folder, init)
  // What it would get from a release.
  const [, module, version] = /^go get (\S+)@(v\S+)$/.exec(get)
  await run(folder, `go mod edit -require=${module}@${version} -replace=${module}=${root}`)
  copyFileSync(join(root, 'go.sum'), join(folder, 'go.sum'))
  return { version, run: command => run(folder, command), build: () => run(folder, build) }
}
