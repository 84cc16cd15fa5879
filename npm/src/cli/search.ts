import { Search, type Source } from '#main'
import { type Command, numberOf } from './command.js'
import { printJson } from './output.js'
import { chooseView, withProgress } from './view-choice.js'

/** Finds records by words. */
export const search: Command = {
  args: 'WORDS...',
  least: 1,
  summary: 'print the records with all these words as NDJSON, newest first',
  details: `WORDS are as Search's query takes them: word, begin*, '"a phrase"'. They are looked for by the first view of
the kind search that a program keeps beside the log, or by the view cli-search, which is kept for next
time and has all texts of the records, or those of --fields.`,
  options: {
    view: { type: 'string', value: 'NAME', help: 'the view to ask' },
    fields: { type: 'string', value: 'PATHS', help: 'where the texts stand, as in title,body.text; others than last time have cli-search built anew' },
    order: { type: 'string', short: 'o', value: 'ORDER', help: 'newest, oldest, or rank: the best first' },
    prefix: { type: 'boolean', short: 'p', help: 'each word may be the beginning of one' },
    limit: { type: 'string', short: 'n', value: 'N', help: 'at most so many' },
    seqs: { type: 'boolean', short: 's', help: 'each as {"seq":…,"value":…}, by rank with its score' },
    highlights: { type: 'boolean', help: 'as --seqs, with where in the texts the words stand' }
  },
  async run(call) {
    const { db, args, values, signal } = call
    const limit = numberOf(values, 'limit')
    const fields = typeof values.fields === 'string' ? values.fields.split(',') : undefined
    const { view, version, options } = await chooseView(call, 'search', { view: 'cli-search', version: 1, options: fields ? { fields } : {} }, !!fields)
    db.use(view, Search(version, options as {}))
    const found: Source<unknown> = (db as any)[view].query({
      query: args.join(' '),
      ...(values.order !== undefined && { order: values.order }),
      ...(values.prefix && { prefix: true }),
      ...(limit !== undefined && { limit }),
      seqs: !!values.seqs,
      highlights: !!values.highlights
    })
    await withProgress(db, signal, async () => {
      for await (const record of found) await printJson(record)
    })
  }
}
