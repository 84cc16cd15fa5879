import { type Command } from './command.js'
import { printJson } from './output.js'
import { seqsOf } from './seqs.js'

/** Prints some records by their seqs. */
export const get: Command = {
  args: 'SEQ...',
  least: 1,
  summary: 'print the records with these seqs',
  async run({ db, args }) {
    for (const seq of seqsOf(args)) await printJson(await db.get(seq))
  }
}
