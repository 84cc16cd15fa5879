import type { ImportFormat } from '../importer.js'
import { FlumeError } from '#main'
import { AlignedLog, BlockLog, Blocks } from './blocks.js'
import { LegacyOffsetLog } from './offset-log-legacy.js'
import { OffsetLog, WIDTHS } from './offset-log.js'
import { END, GAP, type Parser, RECORD, SHORT, allZero } from './parser.js'
import { FAULT, scanValue, skipSpace } from './json-scan.js'
import { RecordCodec } from './record-codec.js'
import { ArrayElements, Lines } from './text.js'
import { type Window } from './window.js'

export const FORMATS: ImportFormat[] = [
  'flumelog-offset',
  'flumelog-offset-legacy',
  'flumelog-aligned-offset',
  'async-append-only-log',
  'ndjson',
  'json'
]

/** How a source is to be read; what is stored of it, to go on later. */
export interface Form {
  format: ImportFormat
  /** Of flumelog-offset: the bytes of an end. */
  width?: number
  /** Of files of blocks. */
  blockSize?: number
}

/** A parser for a source of that form, from its start or from behind a record. */
export function parserOf({ format, width, blockSize }: Form, begun: boolean): Parser {
  switch (format) {
    case 'flumelog-offset':
      return new OffsetLog(width!)
    case 'flumelog-offset-legacy':
      return new LegacyOffsetLog()
    case 'flumelog-aligned-offset':
      return new AlignedLog(blockSize)
    case 'async-append-only-log':
      return new BlockLog(blockSize)
    case 'ndjson':
      return new Lines()
    case 'json':
      return new ArrayElements(begun)
  }
}

/** How many bytes of a source are looked at for its form, unless its first record is longer; and how long that may be. */
const HEAD = 1 << 16
const LARGE = 16 << 20

/** How many records have to be what a form says, where the source has so many at its start. */
const ENOUGH = 50

/** How well the start of a source fits a form. */
interface Fit {
  form: Form
  records: number
  /** Whether nothing was found that does not fit. */
  clean: boolean
}

/**
 * Finds the form of a source, at whose start the window is: the one that its start fits best. An error where none does, or
 * several do as well.
 */
export async function detect(w: Window, blockSize: number | undefined): Promise<Form> {
  await w.fill(HEAD)
  const forms: Form[] = [
    ...WIDTHS.map((width): Form => ({ format: 'flumelog-offset', width })),
    { format: 'flumelog-offset-legacy' },
    { format: 'flumelog-aligned-offset', blockSize },
    { format: 'async-append-only-log', blockSize }
  ]
  const text = await textFormat(w)
  if (text) forms.push({ format: text })
  const fits: Fit[] = []
  for (const form of forms) fits.push(await fit(form, w))
  // Each record of flumelog-offset says where it ends, so that one is proof; and its first is also a legacy one's.
  const possible = fits.filter(({ records, clean, form }) => records || (clean && form.format === text))
  const best = possible.sort((a, b) => Number(b.clean) - Number(a.clean) || b.records - a.records)
  if (best.length && !(best[1]?.clean && best[1].records === best[0].records)) return best[0].form
  throw new FlumeError('SOURCE', `the format of the source is not certain: say which it is, one of ${FORMATS.join(', ')}`, { position: 0 })
}

/** How many bytes the ends of a flumelog-offset file have, at whose start the window is. */
export async function widthOf(w: Window): Promise<number> {
  for (const width of WIDTHS) if ((await fit({ format: 'flumelog-offset', width }, w)).records) return width
  return WIDTHS[0] // no record of it is whole
}

/** Parses the first records, and consumes none. */
async function fit(form: Form, w: Window): Promise<Fit> {
  const parser = parserOf(form, false)
  // Blocks of async-append-only-log prove little by themselves.
  const content = parser instanceof Blocks ? new RecordCodec(undefined) : undefined
  let records = 0
  for (let at = 0; ; ) {
    w.at = at
    const found = parser.next(w)
    w.at = 0
    if (found === SHORT && !records && at + parser.size <= LARGE) await w.fill(at + parser.size)
    else if (found === SHORT || found === END || records >= ENOUGH) return { form, records, clean: true }
    else if (found === RECORD) {
      const deleted = allZero(w.buffer, parser.from, parser.to)
      if (content && !deleted && !content.find(w.buffer, parser.from, parser.to)) return { form, records, clean: false }
      if (!content || !deleted) records++
      at += parser.size
    } else if (found === GAP) at += parser.size
    else return { form, records, clean: false }
  }
}

/** What a source of JSON texts is. */
async function textFormat(w: Window): Promise<'json' | 'ndjson' | undefined> {
  for (;;) {
    const b = w.buffer
    const mark = b[w.at] === 0xef && b[w.at + 1] === 0xbb && b[w.at + 2] === 0xbf ? 3 : 0
    const from = skipSpace(b, w.at + mark, w.end)
    const to = scanValue(b, from, w.end)
    if (to === FAULT) return
    if (b[from] !== 0x5b) return 'ndjson'
    // An array that is all of the source holds the records, one that something follows is a record.
    if (to < 0) return 'json'
    if (skipSpace(b, to, w.end) < w.end) return 'ndjson'
    if (w.ended) return 'json'
    await w.fill(2 * (w.end - w.at))
  }
}
