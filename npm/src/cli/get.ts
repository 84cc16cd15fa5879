import { type Command, UsageError } from './command.js'
import { printJson } from './output.js'

/** Prints some records by their seqs. */
export const get: Command = {
  args: 'SEQ...',
  least: 1,
  summary: 'print the records with these seqs',
  async run({ db, args }) {
    for (const arg of args) if (!/^\d+$/.test(arg)) throw new UsageError(`a SEQ must be a whole number, not ${JSON.stringify(arg)}`)
    for (const arg of args) await printJson(await db.get(Number(arg)))
  }
}
