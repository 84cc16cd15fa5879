// Asks before it deletes.

import { byId } from './element.js'

export function onDeleteJournal (deleteIt) {
  const dialog = byId('delete-dialog')
  byId('delete').addEventListener('click', () => {
    dialog.returnValue = 'keep'
    dialog.showModal()
  })
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'delete') deleteIt()
  })
}
