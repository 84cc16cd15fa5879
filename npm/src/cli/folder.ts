import { readFileSync, readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** Whether a folder holds a log, so that a mistyped name makes none. */
export function holdsLog(dir: string): boolean {
  try {
    return readdirSync(dir).some(name => name === 'meta' || /^\d{16}(-\d+)?\.log$/.test(name))
  } catch {
    return false
  }
}

/** Who has a folder open, as far as its lock tells. */
export function holderOf(dir: string): string {
  try {
    const { pid, host } = JSON.parse(readFileSync(join(dir, 'lock'), 'utf8'))
    return `the process ${pid}${host === hostname() ? '' : ` on ${host}`}`
  } catch {
    return 'another process'
  }
}
