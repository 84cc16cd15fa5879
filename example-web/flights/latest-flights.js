// The table of the latest flights.

import { byId, element } from '../element.js'
import { lateFromMinutes } from './flight-views.js'
import { showNewestRecords } from './newest-records.js'
import { clock, lateness, number } from '../wording.js'

export function showLatestFlights (db, signal) {
  return showNewestRecords(db, 20, signal, records => {
    byId('latest-rows').replaceChildren(...records.map(({ seq, value }) => element('tr', {},
      element('th', { scope: 'row' }, number(seq)),
      element('td', {}, clock(value.time)),
      element('td', {}, `${number(value.distance)} mi`),
      element('td', {}, element('span', { class: `badge ${tone(value.delay)}` }, lateness(value.delay))))))
    if (records.length === 0) {
      byId('latest-rows').append(element('tr', {}, element('td', { colspan: 4, class: 'empty' }, 'The log is empty.')))
    }
  })
}

function tone (minutes) {
  return minutes < 0 ? 'early' : minutes < lateFromMinutes ? 'on-time' : 'late'
}
