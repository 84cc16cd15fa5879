import { UsageError } from './command.js'

/** The seqs that arguments are. */
export function seqsOf(args: string[]): number[] {
  for (const arg of args) if (!/^\d+$/.test(arg)) throw new UsageError(`a SEQ must be a whole number, not ${JSON.stringify(arg)}`)
  return args.map(Number)
}
