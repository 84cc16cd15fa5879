// The whole benchmark: measures, prints tables, then holds what was measured against the aims.
// Ends with 1 if anything could not be measured; an aim that is not met is printed, not an error.

import { rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { judge } from './aims.mjs'
import { openChromium } from './chromium/host.mjs'
import { runHttp } from './chromium/http-suite.mjs'
import { runStart } from './chromium/start-suite.mjs'
import { runGrowth } from './growth-suite.mjs'
import { runHomes } from './homes-suite.mjs'
import { describeMachine, warnings } from './machine.mjs'
import { openNode } from './node/host.mjs'
import { parseOptions, USAGE } from './options.mjs'
import { printHost, printVerdicts } from './report.mjs'
import { Results } from './results.mjs'
import { runSuite } from './suite.mjs'
import { runSync } from './sync-suite.mjs'
import { runViews } from './views/suite.mjs'

const HOSTS = { node: openNode, chromium: openChromium }

const options = readOptions()
const results = new Results()
const durations = []
Object.assign(options, {
  about: new Map(),
  progress: (what) => process.stderr.write(`${new Date().toTimeString().slice(0, 8)}  ${what}\n`),
  took: (part, ms) => durations.push({ part, seconds: ms / 1000 }),
})

const scratch = await mkdtemp(join(options.dir, 'flumedb-wasm-bench-'))
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]]) process.once(signal, () => stopEarly(code))
const machine = await describeMachine(scratch)
console.log(machine.lines.join('\n'))
for (const warning of warnings(machine)) console.log(`\n! ${warning}`)

try {
  for (const name of options.hosts) {
    const host = await HOSTS[name](scratch)
    try {
      if (options.parts.has('peers')) await runSuite({ host, options, results })
      if (options.parts.has('views')) await runViews({ host, options, results })
      if (options.parts.has('start') && name === 'chromium') await runStart({ host, options, results })
      if (options.parts.has('http') && name === 'chromium') await runHttp({ host, options, results })
      if (options.parts.has('sync') && name === 'node') await runSync({ options, results, scratch })
      if (options.parts.has('growth')) await runGrowth({ host, options, results })
      if (options.parts.has('homes') && name === 'node') await runHomes({ options, results, scratch })
    } catch (error) {
      results.fail(name, 'the host', '', error)
    } finally {
      await host.close()
    }
    printHost({ host, options, results })
  }
} finally {
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
}

const verdicts = judge(results, options)
printVerdicts({ verdicts, results, options, durations })
if (options.json) {
  const report = { machine, about: Object.fromEntries(options.about), settings: { reps: options.reps, quick: options.isQuick, full: options.isFull }, durations, verdicts, ...results.toJSON() }
  await writeFile(options.json, JSON.stringify(report, null, 2))
}
process.exitCode = results.failures.length > 0 ? 1 : 0

// Browsers and children end with this process; what they wrote would stay.
function stopEarly(code) {
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }))
  process.exit(code)
}

function readOptions() {
  try {
    const parsed = parseOptions(process.argv.slice(2))
    if (!parsed.help) return parsed
    console.log(USAGE)
    process.exit(0)
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`)
    process.exit(2)
  }
}
