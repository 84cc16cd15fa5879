import { open, rename, rm, stat } from 'node:fs/promises'
import { type Command } from './command.js'
import { print } from './output.js'
import { type Bar, progressBar } from './progress-bar.js'
import { range, rangeOf } from './range.js'

/** Writes records to a file, or to stdout. */
export const exportFile: Command = {
  args: '[FILE]',
  most: 1,
  summary: 'write records as NDJSON to FILE or to stdout',
  details: 'FILE must not be there yet, and is there only once it is complete.',
  options: range,
  async run({ db, args: [file = '-'], values, signal }) {
    const options = rangeOf(values)
    const total = (await db.stats()).records
    // On a terminal the records themselves show how far it is.
    const bar = file === '-' && process.stdout.isTTY ? undefined : progressBar()
    const lines = counted(db.export({ ...options, signal }), total, bar)
    try {
      if (file === '-') for await (const bytes of lines) await print(bytes)
      else await writeFile(file, lines)
    } finally {
      bar?.clear()
    }
  }
}

async function writeFile(file: string, lines: AsyncIterable<Uint8Array>): Promise<void> {
  if (await stat(file).catch(() => undefined)) throw new Error(`${file} is there already`)
  const part = `${file}.${process.pid}.part`
  const handle = await open(part, 'wx')
  try {
    for await (const bytes of lines) await handle.writeFile(bytes)
    await handle.sync()
    await handle.close()
    await rename(part, file)
  } catch (err) {
    await handle.close()
    await rm(part, { force: true })
    throw err
  }
}

const LINE_FEED = 10
const INTERVAL_MS = 100

/** The same, and shows how many there were. */
async function* counted(lines: AsyncIterable<Uint8Array>, total: number, bar: Bar | undefined): AsyncGenerator<Uint8Array> {
  const begun = performance.now()
  let records = 0
  let shown = begun
  for await (const bytes of lines) {
    if (bar) {
      for (let at = -1; (at = bytes.indexOf(LINE_FEED, at + 1)) >= 0; ) records++
      const now = performance.now()
      if (now - shown >= INTERVAL_MS) {
        shown = now
        const rate = (records / (now - begun)) * 1000
        bar.show({ done: records, total, records, rate, eta: ((total - records) / rate) * 1000 })
      }
    }
    yield bytes
  }
}
