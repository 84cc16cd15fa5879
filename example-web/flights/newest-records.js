// Calls show with a log's newest records, newest first, and again when there are newer ones. It asks for the last few
// anew instead of following the log record by record: of the thousands that pass during an import, a person sees the last.

const pauseMs = 200

export async function showNewestRecords (db, limit, signal, show) {
  let wake = () => {}
  signal.addEventListener('abort', db.since.subscribe(() => wake()).unsubscribe, { once: true })
  signal.addEventListener('abort', () => wake(), { once: true })

  for (let shown; !signal.aborted;) {
    const newer = new Promise(resolve => { wake = resolve })
    if (db.since.value !== undefined && db.since.value !== shown) {
      shown = db.since.value
      show(await db.stream({ reverse: true, limit, signal }).collect())
      await pause(pauseMs)
      if (db.since.value !== shown) continue
    }
    await newer
  }
}

function pause (ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}
