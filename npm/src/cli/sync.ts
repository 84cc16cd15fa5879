import { type Command, durability } from './command.js'
import { note, printJson } from './output.js'
import { progressBar } from './progress-bar.js'

/** Keeps the log and one elsewhere the same. */
export const syncWith: Command = {
  args: 'URL',
  least: 1,
  most: 1,
  summary: 'keep the log and the one that is served at URL the same',
  details: `What either has and the other lacks is exchanged, and what is deleted in one is deleted in the other. Ends when both
have the same, or with --live when it is stopped. Prints how many records came and went as JSON.
The environment variable FLUMEDB_TOKEN is the token too, and is not seen by others on this machine.`,
  options: {
    live: { type: 'boolean', help: 'go on with what is appended and deleted from then on' },
    token: { type: 'string', value: 'TOKEN', help: 'what the server wants' },
    durability
  },
  makes: true,
  async run({ db, args: [url], values, signal }) {
    const bar = progressBar()
    const live = values.live === true
    let told: string | undefined
    let last = { pulled: 0, pushed: 0, forked: 0 }
    try {
      last = await db.sync(url, {
        live,
        signal,
        token: (values.token as string | undefined) ?? process.env.FLUMEDB_TOKEN,
        onProgress({ pulled, pushed, forked, toPull, toPush, error }) {
          last = { pulled, pushed, forked }
          if (error && error.message !== told) {
            bar.clear()
            note(`${error.message}; trying again`)
          }
          told = error?.message
          bar.show({ done: pulled + pushed, total: pulled + pushed + toPull + toPush, records: pulled + pushed })
        }
      })
    } catch (err) {
      // That is how what is live ends.
      if (!live || !signal.aborted) throw err
    } finally {
      bar.clear()
    }
    await printJson(last)
    if (last.forked) note(`of ${last.forked} logs both have other records at the same places, which are not exchanged: see docs/sync.md`)
  }
}
