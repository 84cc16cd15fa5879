// A line on stderr that tells how far a command is, where stderr is a terminal.

const WIDTH = 24
const { stderr } = process

const count = (n: number) => Math.round(n).toLocaleString('en')

function time(ms: number): string {
  const s = Math.ceil(ms / 1000)
  return s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}

export interface Bar {
  /** `done` of `total`, in any unit; `total` may be unknown. */
  show(progress: { done: number; total?: number; records?: number; rate?: number; eta?: number }): void
  /** Takes the line away. */
  clear(): void
}

const none: Bar = { show() {}, clear() {} }

export function progressBar(): Bar {
  if (!stderr.isTTY) return none
  let shown = false
  return {
    show({ done, total, records, rate, eta }) {
      const part = total ? Math.min(done / total, 1) : undefined
      const parts = [
        part !== undefined && `${'█'.repeat(Math.round(part * WIDTH)).padEnd(WIDTH, '░')} ${Math.floor(part * 100)} %`,
        records !== undefined && `${count(records)} records`,
        rate && `${count(rate)}/s`,
        eta && `${time(eta)} left`
      ]
      shown = true
      stderr.write(`\r\x1b[K${parts.filter(Boolean).join('  ')}`)
    },
    clear() {
      if (shown) stderr.write('\r\x1b[K')
      shown = false
    }
  }
}
