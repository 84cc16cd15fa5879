// What a page does for the test: lives itself, or has workers live.

import { begin, open } from './life.mjs'

let own
const workers = new Map()

const ask = (target, command) => new Promise((resolve, reject) => {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }) => 'error' in data ? reject(new Error(data.error)) : resolve(data.value)
  target.postMessage(command, [port2])
})

const serviceWorker = async () => {
  const registration = await navigator.serviceWorker.register('/contexts/member.mjs', { type: 'module', scope: '/contexts/' })
  if (registration.active) return registration.active
  const worker = registration.installing ?? registration.waiting
  await new Promise((resolve, reject) => worker.addEventListener('statechange', () => {
    if (worker.state === 'activated') resolve()
    if (worker.state === 'redundant') reject(new Error('the service worker was not installed'))
  }))
  return worker
}

const make = {
  worker: () => new Worker('/contexts/member.mjs', { type: 'module' }),
  // By a name of its own, or it would be one that lives on in another page.
  sharedWorker: ({ life } = {}) => new SharedWorker('/contexts/member.mjs', { type: 'module', name: `life ${life}` }).port,
  serviceWorker
}

export const tab = {
  begin: life => { own = begin(life) },
  close: () => own.close()
}

/** A worker of a kind, by a number. */
export const member = {
  async begin ([kind, number, life]) {
    const worker = await make[kind](life)
    workers.set(number, worker)
    return ask(worker, { begin: life })
  },
  async close ([number]) {
    const answer = await ask(workers.get(number), { close: true })
    workers.get(number).terminate?.()
    return answer
  },
  terminate: ([number]) => workers.get(number).terminate()
}

/** Whether the browser has workers of a kind whose script is a module, and if not, why. */
export async function lacks (kind) {
  try {
    if (kind === 'sharedWorker' && typeof SharedWorker === 'undefined') return 'it has no SharedWorker'
    if (kind === 'serviceWorker' && !navigator.serviceWorker) return 'it has no service workers'
    await make[kind]()
    return null
  } catch (error) {
    return String(error)
  }
}

/** All that is in the log, in short, what the view has counted, and what the log says of itself. */
export async function survey () {
  const db = open()
  const log = []
  for await (const { seq, value: { life, n, batch } } of db.stream()) log.push([seq, life, n, ...batch])
  const lives = await db.lives.get()
  const { records, damage } = await db.verify()
  await db.close()
  return { log, lives, records, damage }
}
