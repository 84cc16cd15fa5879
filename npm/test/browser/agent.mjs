// Drives pages of any browser without a protocol of its own: one page asks the server what to run, tells the others, and each
// sends back what came of it. What is here of a page is what the tests use of playwright's.

import { makeProfile, startBrowser } from '../../scripts/browser-process.mjs'

/**
 * Runs in a page: goes by the name in its address, and gives it up when it is told to. Only page 0 waits for the server: a
 * browser has six connections to one, which as many waiting pages would take up.
 */
export const agent = `
  const uncaught = []
  addEventListener('error', event => uncaught.push(String(event.error?.stack ?? event.message)))
  addEventListener('unhandledrejection', event => uncaught.push(String(event.reason?.stack ?? event.reason)))
  const complain = console.error
  console.error = (...args) => {
    uncaught.push(args.join(' '))
    complain(...args)
  }
  const name = new URLSearchParams(location.search).get('agent')
  // Again and again: a test may end the browser's process for the network.
  const send = async message => {
    const body = JSON.stringify({ page: name, ...message, uncaught: uncaught.splice(0) })
    for (;;) {
      try {
        return await (await fetch('/agent', { method: 'POST', body })).json()
      } catch {
        await new Promise(resolve => setTimeout(resolve, 100))
      }
    }
  }
  const obey = async ({ page, id, run, arg, close }) => {
    if (page !== name) return
    if (close) return window.close()
    try {
      await send({ id, value: await (0, eval)('(' + run + ')')(arg) })
    } catch (error) {
      await send({ id, error: error + " " + error?.stack })
    }
  }
  const jobs = new BroadcastChannel('agents')
  jobs.onmessage = ({ data }) => obey(data)
  if (name) await send({ ready: true })
  while (name === '0') {
    const job = await send({ next: true })
    jobs.postMessage(job)
    obey(job)
  }`

/** What the server does with what an agent sends; see static-server.mjs. */
export function createAgents (engine) {
  const pages = new Map()
  let count = 0

  const page = name => {
    const found = pages.get(name)
    if (found) return found
    const made = { running: new Map(), uncaught: [], greeted: undefined }
    made.ready = new Promise(resolve => { made.greeted = resolve })
    pages.set(name, made)
    return made
  }
  const queue = []
  let idle // gives page 0 the next job
  const give = () => {
    if (!idle || !queue.length) return
    idle(queue.shift())
    idle = undefined
  }

  return {
    post ({ page: name, ready, next, id, value, error, uncaught }) {
      const one = page(name)
      one.uncaught.push(...uncaught.map(text => new Error(text)))
      if (ready) return one.greeted()
      if (!next) {
        if (!one.running.has(id)) return // it has been told before
        const { resolve, reject } = one.running.get(id)
        one.running.delete(id)
        return error === undefined ? resolve(value) : reject(new Error(`in ${engine}: ${error}`))
      }
      return new Promise(resolve => {
        idle = resolve
        give()
      })
    },

    async open (origin) {
      const profile = makeProfile(engine)
      const process = startBrowser(engine, { profile: profile.folder, args: [`${origin}/?agent=0`] })
      let complaints = ''
      process.stderr.on('data', data => { complaints = (complaints + data).slice(-4000) })
      let closing = false
      const died = process.exited.then(() => {
        if (!closing) throw new Error(`${engine} ended:\n${complaints}`)
      })
      died.catch(() => {})
      const within = (promise, what) => {
        let timer
        const late = new Promise((_resolve, reject) => { timer = setTimeout(() => reject(new Error(`${engine} did not ${what} in 60 s:\n${complaints}`)), 60_000) })
        return Promise.race([promise, late, died]).finally(() => clearTimeout(timer))
      }
      const evaluate = (name, run, arg) => Promise.race([died, new Promise((resolve, reject) => {
        const one = page(name)
        const id = ++count
        one.running.set(id, { resolve, reject })
        queue.push({ page: name, id, run: String(run), arg })
        give()
      })])
      const close = async () => {
        closing = true
        await process.kill()
        profile.remove()
      }
      try {
        await within(page('0').ready, 'start')
      } catch (error) {
        await close()
        throw error
      }
      return {
        close,
        endProcess: process.endOne,
        async newPage (url) {
          const name = String(++count)
          const address = new URL(url)
          address.searchParams.set('agent', name)
          // As a window of its own, without a way between the two.
          await evaluate('0', url => void open(url, '_blank', 'noopener'), address.href)
          const one = page(name)
          await within(one.ready, `open ${url}`)
          return {
            uncaught: one.uncaught,
            evaluate: (run, arg) => evaluate(name, run, arg),
            addScriptTag: ({ content }) => evaluate(name, content => (0, eval)(content), content),
            async close () {
              queue.push({ page: name, close: true })
              give()
            }
          }
        }
      }
    }
  }
}
