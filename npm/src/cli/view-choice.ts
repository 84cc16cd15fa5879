import type { FlumeOf } from '../types.js'
import type { Log } from '../log.js'
import { type Call } from './command.js'
import { progressBar } from './progress-bar.js'
import { type StoredView, storedViews } from './stored-views.js'

/** Why the command line cannot make a view again that a program keeps, if it cannot. */
export function whyNot({ kind, mapped, damaged }: StoredView): string | undefined {
  if (damaged !== undefined) return `what is kept of it cannot be read: ${damaged}`
  if (kind === 'javascript') return 'it is made of functions in JavaScript, which only its program has'
  if (mapped) return 'it sees what a function, a mapper or a codec of its program makes of the records'
}

/** The view of a kind that a command is to ask: the one that is named, the first that is kept, or one of the command's own. */
export async function chooseView({ dir, log, values }: Call, kind: string, own: Pick<StoredView, 'view' | 'version' | 'options'>, anew?: boolean): Promise<Pick<StoredView, 'view' | 'version' | 'options'>> {
  const kept = await storedViews(dir, log.checkpoints!)
  if (values.view === undefined) return (!anew && kept.find(one => one.kind === kind && !whyNot(one))) || own
  const named = kept.find(one => one.view === values.view)
  if (!named) throw new Error(`no view ${JSON.stringify(values.view)} is kept in ${dir}; there are ${kept.map(one => one.view).join(', ') || 'none'}`)
  if (named.kind !== kind) throw new Error(`the view ${named.view} is of the kind ${named.kind}, not ${kind}`)
  const reason = whyNot(named)
  if (reason) throw new Error(`the view ${named.view} cannot be asked from here: ${reason}`)
  return named
}

/** Shows how far the views are while they lag, until `run` is done or the command is to end. */
export async function withProgress<R>(db: FlumeOf<Log<any>>, signal: AbortSignal, run: () => Promise<R>): Promise<R> {
  const bar = progressBar()
  const off = db.progress(() => {
    const all = [...db.views].filter(({ total, error }) => total >= 0 && !error)
    const sum = (of: (view: (typeof all)[number]) => number) => all.reduce((sum, view) => sum + of(view), 0)
    const [done, total] = [sum(({ seq }) => seq + 1), sum(({ total }) => total + 1)]
    if (done < total) bar.show({ done, total, records: done, rate: sum(({ rate }) => rate), eta: Math.max(...all.map(({ eta }) => eta ?? 0)) })
    else bar.clear()
  })
  let stop!: () => void
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
  })
  try {
    return await Promise.race([run(), stopped])
  } finally {
    signal.removeEventListener('abort', stop)
    off()
    bar.clear()
  }
}
