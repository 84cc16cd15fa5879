import type { ImportOptions } from '../importer.js'
import { type Command, durability, numberOf } from './command.js'
import { note, printJson } from './output.js'
import { progressBar } from './progress-bar.js'

/** Imports a file, or what comes on stdin. */
export const importFile: Command = {
  args: '[FILE]',
  most: 1,
  summary: 'import the log of another package, NDJSON or a JSON array, from FILE or from stdin',
  details: `What the source is, is found out where --format does not say it. An import that was interrupted goes on
when it is called again; a source that has grown is imported from where it was. Prints what was done as JSON.`,
  options: {
    format: {
      type: 'string',
      short: 'f',
      value: 'NAME',
      help: 'flumelog-offset, flumelog-offset-legacy, flumelog-aligned-offset, async-append-only-log, ndjson or json'
    },
    codec: { type: 'string', value: 'NAME', help: "of a log's records: json or bipf" },
    'block-size': { type: 'string', value: 'BYTES', help: 'of a log in blocks that has not the default' },
    again: { type: 'boolean', help: 'import all of it, whatever was imported of it before' },
    durability
  },
  makes: true,
  async run({ db, args: [file = '-'], values, signal }) {
    const bar = progressBar()
    const options: ImportOptions = {
      format: values.format as ImportOptions['format'],
      codec: values.codec as 'json',
      blockSize: numberOf(values, 'block-size'),
      resume: !values.again,
      signal,
      onProgress: ({ bytes, totalBytes, ...rest }) => bar.show({ done: bytes, total: totalBytes, ...rest })
    }
    try {
      const result = await db.import(file === '-' ? process.stdin : file, options)
      bar.clear()
      const { torn } = result
      if (torn) {
        const { position, bytes, reason } = torn
        note(`the source ends at byte ${position} with ${bytes} bytes that are no whole record (${reason}): they were left out`)
      }
      await printJson(result)
    } catch (err) {
      bar.clear()
      if (signal.aborted) note('what has been imported stays; the same command goes on from there')
      throw err
    }
  }
}
