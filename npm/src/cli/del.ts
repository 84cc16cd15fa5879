import { type Command } from './command.js'
import { seqsOf } from './seqs.js'

/** Deletes records by their seqs. */
export const del: Command = {
  args: 'SEQ...',
  least: 1,
  summary: 'delete the records with these seqs',
  details: 'Their values are overwritten; their seqs stay, so that no other record changes its own.',
  async run({ db, args }) {
    await db.del(seqsOf(args))
  }
}
