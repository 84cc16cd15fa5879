import { type Command } from './command.js'
import { printJson } from './output.js'

/** Prints how much a log holds. */
export const stats: Command = {
  summary: 'print how many records, segments and bytes there are, and the newest seq, as JSON',
  async run({ db }) {
    await printJson(await db.stats())
  }
}
