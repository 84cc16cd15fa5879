import { type Command, DAMAGED, FAILED, type Option, USAGE } from './command.js'
import { commands } from './commands.js'

const HELP: Record<string, Option> = { help: { type: 'boolean', short: 'h', help: 'print this' } }

const table = (rows: [string, string][]) => {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')
}

export const usage = (): string => `Usage: flumedb-wasm DIR COMMAND [OPTIONS] [ARGUMENTS]

Works on the log in the folder DIR. Records go in and come out as JSON, one a line.

Commands:
${table(Object.entries(commands).map(([name, { summary }]) => [name, summary]))}
Options:
${table([
  ['-h, --help', 'print this, or behind a command what it takes'],
  ['-v, --version', 'print the version']
])}
Exit codes:
${table([
  ['0', 'done'],
  [`${FAILED}`, 'it failed; stderr says why'],
  [`${USAGE}`, 'wrong use'],
  [`${DAMAGED}`, 'verify has found damage'],
  ['130', 'interrupted by Ctrl-C (143: by SIGTERM)']
])}`

export function usageOf(name: string, { args = '', summary, details, options = {} }: Command): string {
  const rows = Object.entries({ ...options, ...HELP }).map(([name, { short, value, help }]): [string, string] => [
    `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`,
    help
  ])
  return `Usage: flumedb-wasm DIR ${name} [OPTIONS]${args && ` ${args}`}

${summary[0].toUpperCase()}${summary.slice(1)}.
${details ? `\n${details}\n` : ''}
Options:
${table(rows)}`
}
