// A week of the earthquake feed of the United States Geological Survey, as records of the journal.

const records = 1_707   // vega-datasets 2 never changes its files

// Imports what is not there yet. An import that was cut short goes on where it ended. While another tab imports, this one
// waits, to go on should that one be closed.
export async function importEarthquakes (db, { onProgress, signal }) {
  while (!signal.aborted) {
    const { earthquakes } = await db.totals.get()
    if (earthquakes >= records) return
    try {
      await db.import(ndjson(signal), { format: 'ndjson', onProgress, signal })
    } catch (error) {
      if (error.code !== 'LOCKED') throw error
      await new Promise(resolve => setTimeout(resolve, 500))
    }
  }
}

async function * ndjson (signal) {
  const response = await fetch('/data/earthquakes.json', { signal })
  if (!response.ok) throw new Error(`The earthquakes cannot be fetched: ${(await response.text()).trim() || response.statusText}`)
  const { features } = await response.json()
  // The feed begins with the newest; a log ends with it.
  features.sort((a, b) => a.properties.time - b.properties.time)
  for (const feature of features) yield JSON.stringify(recordOf(feature)) + '\n'
}

function recordOf ({ id, properties, geometry }) {
  const [longitude, latitude, depth] = geometry.coordinates
  const { mag: magnitude, place, time, url, type: cause } = properties
  return { type: 'earthquake', id, time, magnitude, place, longitude, latitude, depth, cause, url }
}
