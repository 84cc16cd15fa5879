// How long it took from asking for the logs to having them and their views.

import { byId } from '../element.js'
import { milliseconds, number } from '../wording.js'

export function showOpeningTime (ms, records) {
  byId('tile-opened-name').textContent = records > 0 ? 'Time to reopen' : 'Time to open'
  byId('tile-opened').textContent = milliseconds(ms)
  byId('tile-opened-note').textContent = records > 0 ? `${number(records)} records` : 'an empty log'
}
