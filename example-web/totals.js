// The numbers at the top.

import { byId } from './element.js'
import { decimal, number } from './wording.js'

export function showTotals ({ seq, totals: { earthquakes, notes, strongest } }) {
  byId('total-records').textContent = number(seq + 1)
  byId('total-earthquakes').textContent = number(earthquakes)
  byId('total-notes').textContent = number(notes)
  byId('total-strongest').textContent = typeof strongest === 'number' ? decimal(strongest) : '–'
}
