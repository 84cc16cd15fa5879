// Tells the person what went wrong, what it means for their records, and what they can do.

import { byId } from './element.js'

const explanations = {
  CLOSED: ['The log was closed', 'Try again to open it anew.'],
  CORRUPT: ['A part of the log is damaged', 'The records around it are still readable. Deleting the log imports it anew.'],
  GONE: ['The log was deleted', 'This site’s data was cleared while the page was open. Try again to begin anew.'],
  QUOTA: ['This browser has no room left', 'What was appended is kept. Free some disk space, or delete other sites’ data, then go on.'],
  VERSION: ['The log is of a newer build', 'Reload this page to get that build, or delete the log.'],
  VIEW: ['A view stopped', 'The log is unharmed. Rebuild views starts it again.'],
  WASM: ['The WebAssembly part stopped', 'What was appended is kept. Try again to start it anew.']
}

export function showProblem (error, retry) {
  console.error(error)
  const [title, advice] = explanations[error.code] ?? ['Something went wrong', 'What was appended is kept. Try again, or reload this page.']
  byId('problem-title').textContent = title
  byId('problem-advice').textContent = advice
  byId('problem-detail').textContent = explanations[error.code] ? `${error.code}: ${error.message}` : String(error.message || error)
  byId('problem-retry').onclick = () => {
    hideProblem()
    retry()
  }
  byId('problem').hidden = false
}

export function hideProblem () {
  byId('problem').hidden = true
}
