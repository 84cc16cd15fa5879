// Node as a host of measurements: a process a peer, and a new one for what has to be measured cold.

import { fork } from 'node:child_process'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withDeadline } from '../deadline.mjs'
import { PACKAGE_DIR } from '../package-dir.mjs'
import { NODE_FLOORS, NODE_PEERS } from './peers.mjs'
import { NODE_VIEW_PEERS } from './view-peers.mjs'

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url))
const JOB_DEADLINE = 180_000

export async function openNode(scratch) {
  return {
    name: 'node',
    peers: NODE_PEERS,
    viewPeers: NODE_VIEW_PEERS,
    floors: NODE_FLOORS,
    isFreshProcess: true,
    openSession: (dataset) => openSession(scratch, dataset),
    openViewSession: (dataset) => openViewSession(scratch, dataset),
    openGrowth: () => openGrowth(scratch),
    close() {},
  }
}

// A peer's home process holds the records and does all that needs them; what has to be cold gets a process that has
// done nothing before, and is told what it should find.
async function openSession(scratch, { dataset, count }) {
  const directory = await mkdtemp(join(scratch, `${dataset}-`))
  const homes = new Map()
  const expectations = new Map()

  return {
    async load(peer) {
      if (peer.needs) await checkBuilt(peer.needs)
      const home = startChild(peer.name, dataset, count)
      homes.set(peer, home)
      expectations.set(peer, await home.run({ operation: 'expect', count }))
    },

    async run(peer, job) {
      const placed = { ...job, place: join(directory, `${peer.name}-${job.place}`) }
      if (!job.isFresh) return homes.get(peer).run(placed)

      const fresh = startChild(peer.name, dataset, count)
      try {
        return await fresh.run({ ...placed, ...expectations.get(peer) })
      } finally {
        await fresh.stop()
      }
    },

    async close() {
      await Promise.all([...homes.values()].map((child) => child.stop()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

// A process a job.
async function openViewSession(scratch, { dataset, count }) {
  const directory = await mkdtemp(join(scratch, 'views-'))
  return {
    async run(peer, job) {
      if (peer.needs) await checkBuilt(peer.needs)
      const child = startChild(peer.name, dataset, count)
      try {
        return await child.run({ ...job, place: join(directory, `${peer.name}-${job.place}`) })
      } finally {
        await child.stop()
      }
    },
    close: () => rm(directory, { recursive: true, force: true }),
  }
}

async function openGrowth(scratch) {
  await checkBuilt('dist/node.mjs')
  const directory = await mkdtemp(join(scratch, 'growth-'))
  const child = startChild('flumedb-wasm', 'small', 1)
  return {
    run: (job) => child.run({ ...job, place: join(directory, job.place) }),
    async close() {
      await child.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function checkBuilt(needed) {
  await access(join(PACKAGE_DIR, needed)).catch(() => Promise.reject(new Error(`npm/${needed} is missing: build first`)))
}

function startChild(...args) {
  const child = fork(CHILD, args.map(String), { execArgv: ['--expose-gc'], cwd: PACKAGE_DIR })
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))
  return {
    run(job) {
      const answered = new Promise((resolve, reject) => {
        child.once('message', ({ result, error }) => (error ? reject(new Error(error)) : resolve(result)))
        ended.then((how) => reject(Object.assign(new Error(`the process ended (${how})`), { isFatal: true })))
        child.send(job)
      })
      return withDeadline(answered, JOB_DEADLINE, `${job.operation} ${job.place ?? ''}`)
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
      await ended
      clearTimeout(timer)
    },
  }
}
