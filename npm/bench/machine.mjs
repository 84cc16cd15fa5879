// What the numbers were taken on, and why one might not believe them.

import { readFile } from 'node:fs/promises'
import { statfsSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { PACKAGE_DIR } from './package-dir.mjs'

const TMPFS = 0x01021994
const PEER_PACKAGES = ['dexie', '@sqlite.org/sqlite-wasm', 'flumedb', 'flumelog-offset', 'async-append-only-log', 'jitdb', '@photostructure/sqlite', 'lmdb', 'playwright-core']

export async function describeMachine(scratch) {
  const processors = cpus()
  const versions = await Promise.all(PEER_PACKAGES.map(async (name) => `${name} ${await versionOf(name)}`))
  const load = loadavg()[0]
  const isInMemory = statfsSync(scratch).type === TMPFS
  return {
    cpus: processors.length,
    load,
    isInMemory,
    lines: [
      `${processors.length} x ${processors[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.version}, load ${load.toFixed(1)}`,
      versions.join(', '),
    ],
  }
}

export function warnings({ cpus, load, isInMemory }) {
  const found = []
  if (load > cpus / 2) found.push(`The machine is busy (load ${load.toFixed(1)} on ${cpus} processors): trust the ratios, and not much.`)
  if (isInMemory) found.push('The logs are put on a file system in memory: a flush costs nothing there. Give --dir on a disk.')
  return found
}

async function versionOf(name) {
  return JSON.parse(await readFile(join(PACKAGE_DIR, 'node_modules', name, 'package.json'), 'utf8')).version
}
