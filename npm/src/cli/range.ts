import type { ExportOptions } from '../export.js'
import { type Option, type Values, numberOf } from './command.js'

const bound = (help: string): Option => ({ type: 'string', value: 'SEQ', help })

/** The options that choose records. */
export const range: Record<string, Option> = {
  gt: bound('behind this seq'),
  gte: bound('from this seq on'),
  lt: bound('before this seq'),
  lte: bound('through this seq'),
  limit: { type: 'string', short: 'n', value: 'N', help: 'at most so many' },
  reverse: { type: 'boolean', short: 'r', help: 'newest first' },
  seqs: { type: 'boolean', short: 's', help: 'each as {"seq":…,"value":…}' }
}

export function rangeOf(values: Values): ExportOptions {
  const options: Record<string, number | boolean> = {}
  for (const name of ['gt', 'gte', 'lt', 'lte', 'limit']) {
    const number = numberOf(values, name)
    if (number !== undefined) options[name] = number
  }
  for (const name of ['reverse', 'seqs']) if (values[name]) options[name] = true
  return options
}
