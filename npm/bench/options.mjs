import { parseArgs } from 'node:util'
import { tmpdir } from 'node:os'
import { DATASETS } from './data/datasets.mjs'

export const USAGE = `usage: node npm/bench/run.mjs [options]

  --only node|chromium     one host only
  --part NAME              peers, views, start, http, sync, growth or homes; may be given more than once (default: all)
  --data NAME              small, large or flights, for peers; may be given more than once (default: all)
  --peers NAME,...         only these peers
  --reps N                 exactly so many repetitions (default 5, with --quick 2, or fewer, but three, if time is up)
  --minutes N              about how long all of it may take, where --reps is not given (default 16)
  --quick                  a tenth of the records: does everything run? Aims are shown but mean little
  --full                   every record also for the peers that store one row a record (about four times as long)
  --json FILE              everything measured, as JSON
  --dir DIR                where logs and profiles are put (default: the system's temporary directory)
`

const PARTS = ['peers', 'views', 'start', 'http', 'sync', 'growth', 'homes']
const QUICK_DIVISOR = 10
const LEAST_REPS = 3
// What the parts without peers take of the time, on a quiet machine.
const SECONDS_FOR_THE_REST = 180

export function parseOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      only: { type: 'string' },
      part: { type: 'string', multiple: true },
      data: { type: 'string', multiple: true },
      peers: { type: 'string' },
      reps: { type: 'string' },
      minutes: { type: 'string', default: '16' },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      json: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', default: false },
    },
  })
  const parts = values.part ?? PARTS
  for (const name of parts) if (!PARTS.includes(name)) throw new Error(`no such part: ${name} (there are ${PARTS.join(', ')})`)
  const datasets = values.data ?? Object.keys(DATASETS)
  for (const name of datasets) if (!DATASETS[name]) throw new Error(`no such data: ${name} (there are ${Object.keys(DATASETS).join(', ')})`)
  if (values.only && !['node', 'chromium'].includes(values.only)) throw new Error(`--only is node or chromium, not ${values.only}`)
  const reps = Number(values.reps ?? (values.quick ? 2 : 5))
  if (!Number.isInteger(reps) || reps < 1) throw new Error(`--reps is a positive number, not ${values.reps}`)

  const hosts = values.only ? [values.only] : ['node', 'chromium']
  const sections = (parts.includes('peers') ? datasets.length : 0) + (parts.includes('views') ? 1 : 0)
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new Error(`--minutes is a positive number, not ${values.minutes}`)

  return {
    ...values,
    hosts,
    parts: new Set(parts),
    datasets,
    peers: values.peers?.split(','),
    reps,
    leastReps: values.reps ? reps : LEAST_REPS,
    secondsPerSection: (minutes * 60 - SECONDS_FOR_THE_REST) / (hosts.length * Math.max(1, sections)),
    isFull: values.full,
    isQuick: values.quick,
    growthCounts: values.quick ? [20_000, 50_000, 100_000] : [100_000, 500_000, 1_000_000],
    countOf: (dataset, count) => (values.quick ? Math.floor(count / QUICK_DIVISOR) : count),
  }
}
