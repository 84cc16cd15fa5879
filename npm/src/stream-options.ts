import { FlumeError } from './errors.js'
import { type StreamOptions } from './types.js'

const BOUNDS = ['gt', 'gte', 'lt', 'lte', 'limit']
const KNOWN = [...BOUNDS, 'reverse', 'live', 'old', 'seqs', 'values', 'sync', 'cache', 'signal']

const invalid = (message: string) => new FlumeError('INVALID_OPTION', message)

/**
 * A copy of what is set, or a throw: a misspelt bound must not read the whole log. Views of flumedb's kind hand on options
 * that are their own; with `lenient` those are left out.
 */
export function checkStreamOptions(options: StreamOptions = {}, lenient?: boolean): StreamOptions {
  const checked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options ?? {})) {
    const known = KNOWN.includes(name)
    if (!known && !lenient) throw invalid(`unknown stream option "${name}", known are ${KNOWN.join(', ')}`)
    if (!known || value == null) continue
    if (BOUNDS.includes(name) && (typeof value !== 'number' || value !== value))
      throw invalid(`stream option "${name}" must be a number, not ${String(value)}`)
    checked[name] = value
  }
  return checked
}

/** Whether a stream of these options goes on with what is to come. */
export const isLive = (options?: StreamOptions): boolean => !!options?.live || options?.old === false

/** Throws unless `seq` could be a record's. Those of flumelog-level are not whole. */
export function checkSeq(seq: unknown): void {
  if (typeof seq !== 'number' || seq !== seq) throw invalid(`a seq must be a number, not ${String(seq)}`)
}
