// Asks before something is deleted.

import { byId } from './element.js'

/** Calls back when the button was pressed and the dialog answered with its button "delete"; escaping it keeps all. */
export function onConfirmed (button, dialog, act) {
  const asked = byId(dialog)
  byId(button).addEventListener('click', () => {
    asked.returnValue = 'keep'
    asked.showModal()
  })
  asked.addEventListener('close', () => {
    if (asked.returnValue === 'delete') act()
  })
}
