import { type Command } from './command.js'
import { printJson } from './output.js'
import { storedViews } from './stored-views.js'

/** Lists the views that programs keep in a folder. */
export const views: Command = {
  summary: 'print the views that are kept beside the log as NDJSON',
  details: `Each with its name, kind and version, the seq of the last record it has applied, the newest in the log,
bytes, and the options it was made with. Views of flumedb's own packages keep files of their own, and
are not listed.`,
  async run({ dir, log, db }) {
    const { since: total } = await db.stats()
    for (const { view, kind, version, seq, ...rest } of await storedViews(dir, log.checkpoints!)) await printJson({ view, kind, version, seq, total, ...rest })
  }
}
