// suites.mjs as docs/compatibility.md has it: node npm/test/community/table.mjs prints it.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suites } from './suites.mjs'

const names = { flumedb: 'Flume', log: 'Log', memory: 'Log.memory', reduce: 'Reduce', level: 'Level', links: 'Links', query: 'Query' }
const named = ({ ours }) => ours.split(' ').map(part => names[part]).join(' + ')

/** The version installed of one of npm's packages. */
export const version = name => JSON.parse(readFileSync(fileURLToPath(new URL(`../../node_modules/${name}/package.json`, import.meta.url)), 'utf8')).version

export function suiteTable () {
  const rows = suites.map(({ file, cases, runs, chromium = [] }) => `| \`${file}\` | ${cases} | ${[runs, chromium].map(list => list.map(named).join(', ')).join(' | ')} |`)
  return ['| Suite | Cases | With ours, in Node | With ours, in Chromium |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

export function failureTable () {
  // Cases of one suite that fail by one reason in the same runs share a row.
  const runsOf = new Map()
  for (const { file, runs, chromium = [] } of suites)
    for (const [host, list] of [['Node', runs], ['Chromium', chromium]])
      for (const run of list)
        for (const [how, cases] of [['fail', run.fails], ['may fail', run.races]])
          for (const [name, reason] of Object.entries(cases ?? {})) {
            const key = JSON.stringify([file, name, `${how}: ${reason}`])
            runsOf.set(key, [...(runsOf.get(key) ?? []), `${named(run)} in ${host}`])
          }
  const casesOf = new Map()
  for (const [key, runs] of runsOf) {
    const [file, name, why] = JSON.parse(key)
    const row = JSON.stringify([file, why, runs.join(', ')])
    casesOf.set(row, [...(casesOf.get(row) ?? []), name])
  }
  const rows = [...casesOf].map(([row, cases]) => {
    const [file, why, runs] = JSON.parse(row)
    return `| \`${file}\` | ${cases.join(', ')} | ${runs} | ${why} |`
  })
  return ['| Suite | Cases | With ours | |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(`${suiteTable()}\n\n${failureTable()}`)
