import { type Command, DAMAGED } from './command.js'
import { note, printJson } from './output.js'
import { progressBar } from './progress-bar.js'

/** Checks a whole log. */
export const verify: Command = {
  summary: 'read the whole log and check every byte of it',
  details: `Prints what was found as JSON, with what is damaged by its seqs. The exit code is ${DAMAGED} where anything is.`,
  async run({ db, signal }) {
    const bar = progressBar()
    const stopped = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const checking = db.verify({ onProgress: (done, total) => bar.show({ done, total, records: done }) })
    const report = await Promise.race([checking, stopped]).finally(bar.clear)
    await printJson(report)
    if (!report.damage.length) return
    for (const { first, last, segment, reason } of report.damage)
      note(`the records ${first} to ${last} are damaged: ${reason}${segment && `, in ${segment}`}`)
    return DAMAGED
  }
}
