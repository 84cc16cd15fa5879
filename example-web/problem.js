// Tells the person what went wrong, what it means for their records, and what they can do.

import { byId } from './element.js'

const explanations = {
  QUOTA: ['This browser has no room left', 'What was appended is kept. Free some disk space, or delete other sites’ data, then go on.'],
  CORRUPT: ['A part of the log is damaged', 'The records around it are still readable. Reset deletes the logs and imports them anew.'],
  LOCKED: ['The log is in use', 'Another program has it open. Close that one, then try again.'],
  CLOSED: ['The log was closed', 'Perhaps this site’s data was deleted. Try again to open it anew.'],
  WASM: ['The WebAssembly part stopped', 'What was appended is kept. Try again to start it anew.']
}

export function showProblem (error, retry) {
  console.error(error)
  const [title, advice] = explanations[error.code] ?? ['Something went wrong', 'What was appended is kept. Try again, or reload this page.']
  byId('problem-title').textContent = title
  byId('problem-advice').textContent = advice
  byId('problem-detail').textContent = error.code ? `${error.code}: ${error.message}` : String(error.message ?? error)
  byId('problem-retry').onclick = () => {
    hideProblem()
    retry()
  }
  byId('problem').hidden = false
}

export function hideProblem () {
  byId('problem').hidden = true
}
