// The journal: one log of earthquakes and notes, and what is derived from it, all of it by views in the module.

import Flume, { Level, Log, Query, Reduce, Search } from 'flumedb-wasm'

const name = 'field-journal'

export const dayMs = 86_400_000

// Earthquakes are told apart by strength; a person feels those of the second band, and the third does damage.
export const bands = {
  weak: { label: 'magnitude under 2.5', where: { type: 'earthquake', magnitude: { lt: 2.5 } } },
  felt: { label: '2.5 to 4.5', where: { type: 'earthquake', magnitude: { gte: 2.5, lt: 4.5 } } },
  strong: { label: '4.5 or more', where: { type: 'earthquake', magnitude: { gte: 4.5 } } },
  note: { label: 'note', where: { type: 'note' } }
}

export function bandOf ({ type, magnitude }) {
  if (type !== 'earthquake') return 'note'
  return magnitude < 2.5 ? 'weak' : magnitude < 4.5 ? 'felt' : 'strong'
}

// How many records each day has, for each band.
const days = Reduce(1, Object.fromEntries(Object.entries(bands).map(([band, { where }]) =>
  [band, { histogram: 'time', width: dayMs, where }])))

const totals = Reduce(1, {
  earthquakes: { count: true, where: { type: 'earthquake' } },
  notes: { count: true, where: { type: 'note' } },
  strongest: { max: 'magnitude', where: { type: 'earthquake' } }
})

// A few past states of each view are kept, so that a look into the past replays a part of the log and not all of it.
const kept = { history: 8 }

export function openJournal () {
  return Flume(Log(name))
    .use('query', Query(1), kept)
    .use('search', Search(1, { fields: ['place', 'text', 'cause'] }), kept)
    .use('byTime', Level(1, ['time', 'id']), kept)
    .use('days', days, kept)
    .use('magnitudes', Reduce(1, { histogram: 'magnitude', width: 0.5, where: { type: 'earthquake' } }), kept)
    .use('totals', totals, kept)
}

const tabs = new BroadcastChannel(`${name}: tabs`)

// Tabs that have it open find it gone; they are told, so that they need not find out.
export async function deleteJournal () {
  await Log.delete(name)
  tabs.postMessage('deleted')
}

export function onDeletedElsewhere (listener) {
  tabs.addEventListener('message', listener)
}
