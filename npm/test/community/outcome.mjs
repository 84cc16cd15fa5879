// What became of a suite's cases, from what its tape reported.

/**
 * The number of cases and assertions, and by case what of it failed. A case that did not end has failed; so has one named
 * `(crash)` when something was thrown that nobody caught.
 */
export function outcome (rows) {
  const failed = {}
  const fail = (name, what) => { (failed[name] ??= []).push(what) }
  const names = new Map()
  const taken = new Map()
  // Cases may share a name: the second is `name (2)`.
  const nameOf = (tape, id, name, parent) => {
    const whole = parent === undefined ? name : `${names.get(`${tape} ${parent}`)} > ${name}`
    const count = (taken.get(whole) ?? 0) + 1
    taken.set(whole, count)
    const unique = count > 1 ? `${whole} (${count})` : whole
    if (id !== undefined) names.set(`${tape} ${id}`, unique)
    return unique
  }
  const open = new Set()
  let cases = 0
  let assertions = 0
  let begun = 0
  for (const { type, tape, id, name, parent, test, ok, message } of rows) {
    if (type === 'test') {
      cases++
      if (parent === undefined) begun++
      open.add(nameOf(tape, id, name, parent))
    } else if (type === 'assert') {
      assertions++
      const of = names.get(`${tape} ${test}`)
      if (!ok && of) fail(of, name) // without a case it is tape's own complaint of one that has not begun
    } else if (type === 'end') open.delete(names.get(`${tape} ${test}`))
    else if (type === 'crash') fail('(crash)', message)
    // The cases at the top, at the end of the process, in their order: those past the last that began never did.
    else if (type === 'planned' && begun-- <= 0) {
      cases++
      open.add(nameOf(tape, undefined, name))
    }
  }
  for (const name of open) fail(name, 'did not end')
  return { cases, assertions, failed }
}
