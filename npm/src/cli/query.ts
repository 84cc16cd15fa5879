import { Query } from '#main'
import { answer } from '../callback.js'
import { type Command, UsageError, numberOf } from './command.js'
import { printJson } from './output.js'
import { chooseView, withProgress } from './view-choice.js'

/** Asks a query. */
export const query: Command = {
  args: 'QUERY',
  least: 1,
  most: 1,
  summary: 'print the answers to a query of map-filter-reduce as NDJSON',
  details: `QUERY is JSON: an array of stages, as in '[{"$filter":{"type":"post"}},{"$reduce":{"$count":true}}]', or an
object of what Query's read takes, with the stages as its query. It is asked of the first view of the
kind query that a program keeps beside the log, or of the view cli-query, which is kept for next time.`,
  options: {
    view: { type: 'string', value: 'NAME', help: 'the view to ask' },
    limit: { type: 'string', short: 'n', value: 'N', help: 'at most so many' },
    reverse: { type: 'boolean', short: 'r', help: 'newest first' },
    seqs: { type: 'boolean', short: 's', help: 'each as {"seq":…,"value":…}' },
    explain: { type: 'boolean', help: 'print how it would be answered, and do not' }
  },
  async run(call) {
    const { db, args, values, signal } = call
    const limit = numberOf(values, 'limit')
    const asked = parse(args[0])
    const options = {
      ...(Array.isArray(asked) ? { query: asked } : asked),
      ...(limit !== undefined && { limit }),
      ...(values.reverse && { reverse: true }),
      ...(values.seqs && { seqs: true })
    }
    if (options.live || options.old === false) throw new UsageError('a query of the command line ends, and cannot be live')
    const { view, version, options: made } = await chooseView(call, 'query', { view: 'cli-query', version: 1, options: {} })
    db.use(view, Query(version, made as {}))
    const mounted = (db as any)[view]
    await withProgress(db, signal, async () => {
      await answer<void>(undefined, cb => mounted.ready(cb))
      if (values.explain) return printJson(await answer(undefined, cb => mounted.explain(options, cb)))
      for await (const found of mounted.read(options)) await printJson(found)
    })
  }
}

function parse(text: string): any {
  let value
  try {
    value = JSON.parse(text)
  } catch (err) {
    throw new UsageError(`QUERY is no JSON: ${(err as Error).message}`)
  }
  if (typeof value !== 'object' || value === null) throw new UsageError(`QUERY must be an array of stages or an object, not ${text}`)
  return value
}
