import { type Command } from './command.js'
import { printJson } from './output.js'
import { storedViews } from './stored-views.js'

/** Prints how much a log holds. */
export const stats: Command = {
  summary: 'print how many records, segments and bytes there are, and the newest seq, as JSON',
  async run({ dir, log, db }) {
    const views = await storedViews(dir, log.checkpoints!)
    await printJson({ ...(await db.stats()), viewBytes: views.reduce((sum, { bytes }) => sum + bytes, 0) })
  }
}
