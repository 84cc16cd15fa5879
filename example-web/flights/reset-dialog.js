// Asks before it deletes.

import { byId } from '../element.js'

export function onReset (reset) {
  const dialog = byId('reset-dialog')
  byId('reset').addEventListener('click', () => {
    dialog.returnValue = 'keep'
    dialog.showModal()
  })
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'delete') reset()
  })
}
