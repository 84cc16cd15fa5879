#!/usr/bin/env node
// The command line; docs/cli.md describes it.

import Flume, { type FlumeError, Log } from '#main'
import { parseArgs } from 'node:util'
import { type Command, FAILED, USAGE, UsageError } from './command.js'
import { commands } from './commands.js'
import { holderOf, holdsLog } from './folder.js'
import { usage, usageOf } from './help.js'
import { note, outputEnded, outputError, print } from './output.js'

const stop = new AbortController()
let interrupted: number | undefined // the exit code for the signal that came

for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
  process.on(signal, () => {
    if (interrupted) process.exit(code) // the second time it does not wait
    interrupted = code
    stop.abort()
  })
}
outputEnded.addEventListener('abort', () => stop.abort())

async function main(argv: string[]): Promise<number> {
  // A command's own options stand behind its name, so that DIR and the name can be found without knowing them.
  const [first, second, ...rest] = argv
  const named = (name: string | undefined) => (name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined)
  const wantsHelp = argv.some(arg => arg === '--help' || arg === '-h')
  if (first === '--version' || first === '-v') return say(`${__VERSION__}\n`)
  if (wantsHelp || first === 'help') {
    const name = argv.find((arg, i) => named(arg) && (i > 0 || argv.length < 3))
    return say(name ? usageOf(name, commands[name]) : usage())
  }
  if (first === undefined) throw new UsageError('a folder and a command are missing')
  if (second === undefined) throw new UsageError(named(first) ? `a folder is missing before ${first}` : 'a command is missing')
  const command = named(second)
  if (!command) throw new UsageError(`there is no command ${JSON.stringify(second)}; there are ${Object.keys(commands).join(', ')}`)
  return run(first, second, command, rest)
}

async function say(text: string): Promise<number> {
  await print(text)
  return 0
}

async function run(dir: string, name: string, command: Command, rest: string[]): Promise<number> {
  const { values, positionals: args } = parse(name, command, rest)
  const { durability } = values
  if (durability !== undefined && durability !== 'relaxed' && durability !== 'strict')
    throw new UsageError(`--durability must be relaxed or strict, not ${JSON.stringify(durability)}`)
  if (!command.makes && !holdsLog(dir)) throw new Error(`there is no log in ${dir}`)
  const log = Log.file(dir, { durability, signal: stop.signal })
  const db = Flume(log)
  try {
    return (await command.run({ dir, log, db, args, values, signal: stop.signal })) ?? 0
  } catch (err) {
    if ((err as FlumeError).code === 'LOCKED') throw new Error(`${dir} is in use by ${holderOf(dir)}: wait until it is done, or end it`)
    throw err
  } finally {
    await db.close()
  }
}

function parse(name: string, { options = {}, least = 0, most = Infinity, args: takes }: Command, rest: string[]) {
  let parsed
  try {
    parsed = parseArgs({ args: rest, options, allowPositionals: true })
  } catch (err) {
    throw new UsageError((err as Error).message)
  }
  const { length } = parsed.positionals
  if (length < least || length > (takes ? most : 0))
    throw new UsageError(`${name} takes ${takes ?? 'no arguments'}, and got ${length ? parsed.positionals.join(' ') : 'none'}`)
  return parsed as { values: Record<string, string | boolean | undefined>; positionals: string[] }
}

/** The exit code for what a command threw, once it is told. */
function failed(err: Error & { code?: unknown }): number {
  if (stop.signal.aborted) return FAILED // it was stopped, and the reason is told below
  if (err instanceof UsageError || err.code === 'INVALID_OPTION') {
    note(`${err.message}\nTry flumedb-wasm --help.`)
    return USAGE
  }
  note(`${err.message}${typeof err.code === 'string' ? ` (${err.code})` : ''}`)
  return FAILED
}

const code = await main(process.argv.slice(2)).catch(failed)
if (interrupted) note('interrupted')
else if (outputError) note(`writing to stdout: ${outputError.message}`)
// A reader that has had enough is no failure.
process.exitCode = interrupted ?? (outputError ? FAILED : outputEnded.aborted ? 0 : code)
// What is still to be read keeps nobody waiting.
process.stdin.destroy()
