// Saves the whole log as a file of NDJSON, which the page takes back when it is dropped.

import { byId } from './element.js'
import { say } from './announcer.js'

export function onExport (db) {
  byId('export').addEventListener('click', async () => {
    const blob = await new Response(db.export().toReadableStream()).blob()
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([blob], { type: 'application/x-ndjson' }))
    link.download = `journal-${new Date().toISOString().slice(0, 10)}.ndjson`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
    say(`Exported to ${link.download}`)
  })
}
