import type { LogBytes } from '../log-bytes.js'
import type { ImportOptions } from '../importer.js'
import { FlumeError } from '#main'
import { FORMATS } from './formats.js'
import { type SourceCodec } from './record-codec.js'

const KNOWN = ['format', 'codec', 'blockSize', 'resume', 'onProgress', 'signal']
const CODECS = ['json', 'bipf', 'binary']

const invalid = (message: string) => new FlumeError('INVALID_OPTION', message)

/** Throws unless the options are ones that this log can be imported into with. */
export function checkOptions(options: ImportOptions, log: LogBytes | undefined): void {
  for (const name of Object.keys(options))
    if (!KNOWN.includes(name)) throw invalid(`unknown import option "${name}", known are ${KNOWN.join(', ')}`)
  const { format, codec, blockSize, resume, onProgress } = options
  if (format !== undefined && !FORMATS.includes(format)) throw invalid(`format must be one of ${FORMATS.join(', ')}, not ${String(format)}`)
  if (codec !== undefined && typeof (codec as { decode?: unknown }).decode !== 'function' && !CODECS.includes(codec as string))
    throw invalid(`codec must be ${CODECS.join(', ')} or {decode}, not ${String(codec)}`)
  if (codec !== undefined && codec !== 'json' && isText(format)) throw invalid(`the records of ${format} are JSON, and have no other codec`)
  if (codec === 'binary' && log?.form === 'json') throw invalid("records that are bytes need a log with codec: 'binary'")
  if (blockSize !== undefined && !(Number.isInteger(blockSize) && blockSize >= 16 && blockSize <= 1 << 20))
    throw invalid(`blockSize must be a number of bytes, not ${String(blockSize)}`)
  if (resume !== undefined && typeof resume !== 'boolean') throw invalid(`resume must be a boolean, not ${String(resume)}`)
  if (onProgress !== undefined && typeof onProgress !== 'function') throw invalid('onProgress must be a function')
}

export const isText = (format: string | undefined): boolean => format === 'json' || format === 'ndjson'

/** The codec that the source's records have by default; undefined where the first of them is to tell. */
export function defaultCodec(format: string, log: LogBytes | undefined): SourceCodec | undefined {
  if (isText(format)) return 'json'
  return log?.form === 'binary' ? 'binary' : undefined
}
