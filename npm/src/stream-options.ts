import { FlumeError } from './errors.js'
import { type StreamOptions } from './types.js'

const BOUNDS = ['gt', 'gte', 'lt', 'lte', 'limit']
const KNOWN = [...BOUNDS, 'reverse', 'live', 'old', 'seqs', 'values', 'sync', 'cache', 'signal']

const invalid = (message: string) => new FlumeError('INVALID_OPTION', message)

/** A copy of what is set, or a throw: a misspelt bound must not read the whole log. */
export function checkStreamOptions(options: StreamOptions = {}): StreamOptions {
  const checked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options ?? {})) {
    if (!KNOWN.includes(name)) throw invalid(`unknown stream option "${name}", known are ${KNOWN.join(', ')}`)
    if (value == null) continue
    if (BOUNDS.includes(name) && (typeof value !== 'number' || value !== value))
      throw invalid(`stream option "${name}" must be a number, not ${String(value)}`)
    checked[name] = value
  }
  return checked
}

/** Throws unless `seq` could be a record's. */
export function checkSeq(seq: unknown): void {
  if (!Number.isInteger(seq)) throw invalid(`a seq must be a whole number, not ${String(seq)}`)
}
