import { type Command, UsageError, durability } from './command.js'
import { print } from './output.js'

/** Appends the records given, or those that come on stdin. */
export const append: Command = {
  args: '[VALUE...]',
  summary: 'append records, each a JSON text, from the arguments or from stdin',
  details: `Each VALUE is a record, or each line of stdin, which is appended as it comes. Lines that come together
are one batch: all of it is there after a crash, or none. A line that is no JSON ends the command;
what stands before it has been appended. Prints the seq of the newest record.`,
  options: { durability },
  makes: true,
  async run({ db, args, signal }) {
    let newest: number | undefined
    if (args.length) newest = await db.append(args.map((arg, i) => parse(arg, `VALUE ${i + 1}`, UsageError)))
    else
      for await (const { values, failure } of linesOf(process.stdin, signal)) {
        if (values.length) newest = await db.append(values)
        if (failure) throw failure
      }
    if (newest !== undefined) await print(`${newest}\n`)
  }
}

function parse(text: string, what: string, Failure: new (message: string) => Error = Error): unknown {
  try {
    return JSON.parse(text)
  } catch (err) {
    throw new Failure(`${what} is no JSON: ${(err as Error).message}`)
  }
}

/** The values that lines hold, as many together as come together, and what is wrong with the line behind them. */
async function* linesOf(stream: NodeJS.ReadStream, signal: AbortSignal): AsyncGenerator<{ values: unknown[]; failure?: Error }> {
  const utf8 = new TextDecoder()
  let line = 0
  let rest = ''
  const take = (texts: string[]) => {
    const values: unknown[] = []
    for (const text of texts) {
      line++
      if (!text.trim()) continue
      try {
        values.push(parse(text, `line ${line}`))
      } catch (failure) {
        return { values, failure: failure as Error }
      }
    }
    return { values }
  }
  const stop = () => stream.destroy()
  signal.addEventListener('abort', stop)
  try {
    for await (const bytes of stream) {
      const texts = (rest + utf8.decode(bytes, { stream: true })).split('\n')
      rest = texts.pop()!
      yield take(texts)
    }
  } catch (err) {
    if (!signal.aborted) throw err
    return
  } finally {
    signal.removeEventListener('abort', stop)
  }
  yield take([rest + utf8.decode()])
}
