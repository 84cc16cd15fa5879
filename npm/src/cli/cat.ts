import { type Command } from './command.js'
import { print } from './output.js'
import { range, rangeOf } from './range.js'

/** Prints records. */
export const cat: Command = {
  summary: 'print records as NDJSON',
  options: range,
  async run({ db, values, signal }) {
    for await (const lines of db.export({ ...rangeOf(values), signal })) await print(lines)
  }
}
