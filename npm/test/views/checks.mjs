// What the cases of views share. They run in a page too, so nothing here is Node's.

export const equal = (got, want, what = 'the answer') => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)]
  if (a !== b) throw new Error(`${what} is ${a?.slice(0, 300)}, not ${b?.slice(0, 300)}`)
}

const codeOf = promise => Promise.resolve(promise).then(value => `no error but ${JSON.stringify(value)?.slice(0, 100)}`, err => err.code ?? String(err.stack))

export const refused = async (promise, code, what) => equal(await codeOf(promise), code, what)

export const thrown = (run, code, what) => {
  try {
    run()
  } catch (err) {
    return equal(err.code, code, what)
  }
  throw new Error(`${what} was accepted`)
}

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

/** Waits for something that comes soon. */
export const until = async (holds, what) => {
  for (let waited = 0; !holds(); waited += 5) {
    if (waited > 60_000) throw new Error(`${what} does not come`)
    await sleep(5)
  }
}

/** What random cases begin with: another every time, or `SEED`. */
export const seed = Number(globalThis.process?.env.SEED) || 1 + Math.floor(Math.random() * 1e6)

/** A generator that gives the same numbers for the same seed. */
export function random (seed) {
  return n => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return (seed >>> 8) % n
  }
}

/** Runs a case, with databases that are named by `name` and closed whatever happens. */
export async function run (body, lib) {
  const { Flume, Log, name } = lib
  const open = []
  const on = log => {
    const db = Flume(log)
    open.push(db)
    return db
  }
  const one = name()
  try {
    await body({ ...lib, open: options => on(Log(name(), options)), reopen: options => on(Log(one, options)) })
  } finally {
    for (const db of open) await db.close().catch(() => {})
  }
}
