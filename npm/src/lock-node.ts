// A folder's lock: a file that names the process which holds it. Node has no locks of the operating system, so the file
// outlives a process that crashes; whoever comes then sees that its owner is gone, and takes it over.

import { randomUUID } from 'node:crypto'
import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

export interface Lock {
  release(): void
}

interface Owner {
  pid: number
  host: string
  /** When the process started, where the system says so: a pid comes again, a pid and its start do not. */
  started: string
  /** Of this one lock. */
  token: string
}

const FILE = 'lock'

/** Two processes that find the same dead owner take turns by this folder; one that died with it leaves it for so long. */
const TAKEOVER = 'lock-takeover'
const TAKEOVER_MS = 10_000

/** How often an owner shows that it lives, and after how long without that an owner on another host counts as gone. */
const SIGN_MS = 10_000
const SILENCE_MS = 60_000

/** The folder's lock, or undefined where someone has it. */
export function lockFolder(dir: string): Lock | undefined {
  const file = join(dir, FILE)
  const mine: Owner = { pid: process.pid, host: hostname(), started: startOf(process.pid), token: randomUUID() }
  // Written aside and linked into place, so that nobody reads a half-written lock.
  const aside = join(dir, `${FILE}-${mine.token}`)
  fs.writeFileSync(aside, JSON.stringify(mine))
  try {
    if (!link(aside, file) && !takeOver(dir, file, aside)) return
  } finally {
    fs.unlinkSync(aside)
  }
  const signs = setInterval(() => touch(file, mine), SIGN_MS)
  signs.unref()
  return {
    release() {
      clearInterval(signs)
      if (read(file)?.token === mine.token) fs.unlinkSync(file)
    }
  }
}

function touch(file: string, owner: Owner): void {
  const now = new Date()
  if (read(file)?.token === owner.token) fs.utimesSync(file, now, now)
}

/** Whether the lock was put into its place; false where there is one. */
function link(aside: string, file: string): boolean {
  try {
    fs.linkSync(aside, file)
    return true
  } catch (err) {
    const { code } = err as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EXDEV') throw err
    return copy(aside, file) // a file system without hard links
  }
}

function copy(aside: string, file: string): boolean {
  try {
    fs.copyFileSync(aside, file, fs.constants.COPYFILE_EXCL)
    return true
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw err
  }
}

/** Puts our lock in the place of a dead owner's. Only here is another's lock removed, and by one process at a time. */
function takeOver(dir: string, file: string, aside: string): boolean {
  if (held(file)) return false
  const turn = join(dir, TAKEOVER)
  try {
    fs.mkdirSync(turn)
  } catch {
    if (ageOf(turn) > TAKEOVER_MS) fs.rmdirSync(turn)
    return false
  }
  try {
    if (held(file)) return false
    fs.rmSync(file, { force: true })
    return link(aside, file)
  } finally {
    fs.rmdirSync(turn)
  }
}

function read(file: string): Owner | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch {
    return undefined // gone, or never finished
  }
}

/** Whether the lock's owner lives, or may. */
function held(file: string): boolean {
  const owner = read(file)
  if (!owner) return ageOf(file) < TAKEOVER_MS // it is gone, damaged, or just being written
  if (owner.host !== hostname()) return ageOf(file) < SILENCE_MS
  try {
    process.kill(owner.pid, 0)
  } catch (err) {
    return (err as NodeJS.ErrnoException).code === 'EPERM'
  }
  return owner.started === startOf(owner.pid)
}

/** How many milliseconds ago a file was changed; Infinity where it is not there. */
function ageOf(file: string): number {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  return stat ? Date.now() - stat.mtimeMs : Infinity
}

/** When a process started, in the system's own terms; '' where it does not say. */
function startOf(pid: number): string {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    // The name in parentheses may hold spaces; the start is the 20th field behind it.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return ''
  }
}
