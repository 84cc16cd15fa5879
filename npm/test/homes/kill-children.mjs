import { readdirSync, readFileSync } from 'node:fs'

/** Kills the processes that this one has started whose names match, at once, as a crash would. */
export function killChildren (name) {
  let killed = 0
  for (const pid of readdirSync('/proc').filter(entry => /^\d+$/.test(entry))) {
    let stat
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    } catch {
      continue // it has ended
    }
    const [, command, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(stat)
    if (Number(parent) !== process.pid || !name.test(command)) continue
    process.kill(Number(pid), 'SIGKILL')
    killed++
  }
  if (killed === 0) throw new Error(`no process of ours is called ${name}`)
}
