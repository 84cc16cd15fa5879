// Begins the first life of the logs, and the next one after each reset, here or in another tab.

import { onConfirmed } from '../confirm-dialog.js'
import { byId } from '../element.js'
import { setImportState } from './import-panel.js'
import { Life } from './life.js'
import { deleteLogs } from './logs.js'
import { hideProblem, showProblem } from '../problem.js'
import { onResetElsewhere, resetEverywhere } from './tabs.js'

let life

// A role that finds the next life begun already is given back: that life has asked for it in its own right.
function begin (importer) {
  if (life) importer?.()
  else life = new Life(restart, importer)
  byId('reset').disabled = false
}

async function end () {
  const ending = life
  await ending?.end()
  if (life === ending) life = undefined
}

async function restart (importer) {
  await end()
  begin(importer)
}

onConfirmed('reset', 'reset-dialog', async () => {
  byId('reset').disabled = true
  hideProblem()
  setImportState('resetting')
  try {
    await resetEverywhere(end, deleteLogs)
    begin()
  } catch (error) {
    setImportState('failed')
    showProblem(error, restart)
    byId('reset').disabled = false
  }
})

onResetElsewhere(async () => {
  hideProblem()
  await restart()
})

addEventListener('unhandledrejection', event => showProblem(event.reason, restart))

begin()
