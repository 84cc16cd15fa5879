import type { FlumeOf } from '../types.js'
import type { Log } from '../log.js'

export interface Option {
  type: 'boolean' | 'string'
  short?: string
  /** What stands for its value in the help. */
  value?: string
  help: string
}

/** The values of a command's options, by their names. */
export type Values = Record<string, string | boolean | undefined>

export interface Call {
  dir: string
  log: Log<any>
  db: FlumeOf<Log<any>>
  args: string[]
  values: Values
  /** Fires when the command is to end, by a signal or because nobody reads what it prints. */
  signal: AbortSignal
}

export interface Command {
  /** Behind DIR and the command's name. */
  args?: string
  /** How many of these there may be. */
  least?: number
  most?: number
  summary: string
  /** What else there is to know, in lines of at most 100 characters. */
  details?: string
  options?: Record<string, Option>
  /** Whether it makes a log where there is none. */
  makes?: boolean
  /** Answers the exit code, 0 where it answers none. */
  run(call: Call): Promise<number | void>
}

/** Exit codes. */
export const FAILED = 1
export const USAGE = 2
export const DAMAGED = 3

/** What the user got wrong on the command line. */
export class UsageError extends Error {}

/** The number that an option's value is. */
export function numberOf(values: Values, name: string): number | undefined {
  const text = values[name]
  if (text === undefined) return
  if (typeof text === 'string' && /^-?\d+$/.test(text)) return Number(text)
  throw new UsageError(`--${name} must be a whole number, not ${JSON.stringify(text)}`)
}

export const durability: Option = {
  type: 'string',
  value: 'HOW',
  help: 'relaxed: the operating system has it (default); strict: the disk has it'
}
