import { type Command } from './command.js'
import { printJson } from './output.js'
import { progressBar } from './progress-bar.js'

/** Makes a log smaller. */
export const compact: Command = {
  summary: 'make a log smaller that was appended to record by record, or deleted from',
  details: 'Prints as JSON by how many bytes. When it is stopped on the way, what it has done stays.',
  async run({ db, signal }) {
    const bar = progressBar()
    const stopped = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const compacting = db.compact({ onProgress: (done, total) => bar.show({ done, total, records: done }) })
    await printJson({ freed: await Promise.race([compacting, stopped]).finally(bar.clear) })
  }
}
