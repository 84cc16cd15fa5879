import { type FlumeError, nativeView } from '#main'
import { type Command, FAILED } from './command.js'
import { note, printJson } from './output.js'
import { storedViews } from './stored-views.js'
import { whyNot, withProgress } from './view-choice.js'

/** Builds views anew. */
export const rebuild: Command = {
  args: '[VIEW...]',
  summary: 'build views anew that are kept beside the log: those named, or all that can be',
  details: `A view is made again of the kind, version and options that are kept with it. One that is made of functions
in JavaScript, or sees what a mapper or a codec makes of the records, only its program can rebuild: it is
named on stderr, and the exit code is ${FAILED}. Prints each view that was rebuilt, with its seq, as JSON. When it is
stopped on the way, the program that has the view goes on from there.`,
  async run({ dir, log, db, args, signal }) {
    const kept = await storedViews(dir, log.checkpoints!)
    const unknown = args.find(name => !kept.some(({ view }) => view === name))
    if (unknown !== undefined) throw new Error(`no view ${JSON.stringify(unknown)} is kept in ${dir}; there are ${kept.map(({ view }) => view).join(', ') || 'none'}`)
    const chosen = args.length ? kept.filter(({ view }) => args.includes(view)) : kept
    let failed = false
    const cannot = (view: string, why: string) => {
      failed = true
      note(`the view ${view} cannot be rebuilt from here: ${why}`)
    }
    const able = chosen.filter(one => {
      const reason = whyNot(one)
      if (reason) cannot(one.view, reason)
      return !reason
    })
    for (const { view, kind, version, options } of able) db.use(view, nativeView({ kind, version, options, methods: {} }))
    // All at once, so that the log is read once.
    const rebuilt = await withProgress(db, signal, () => Promise.allSettled(able.map(({ view }) => db.rebuild([view]))))
    for (const [i, { view, kind, version }] of able.entries()) {
      const { status, reason } = rebuilt[i] as PromiseRejectedResult
      if (status === 'rejected') cannot(view, `${(reason as FlumeError).message} (${(reason as FlumeError).code})`)
      else await printJson({ view, kind, version, seq: db.views[view].status.seq })
    }
    return failed ? FAILED : 0
  }
}
