// Node as a host of measurements: a process a peer, and a new one for what has to be measured cold.

import { fork } from 'node:child_process'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withDeadline } from '../deadline.mjs'
import { PACKAGE_DIR } from '../package-dir.mjs'
import { NODE_FLOORS, NODE_PEERS } from './peers.mjs'

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url))
const JOB_DEADLINE = 180_000

export async function openNode(scratch) {
  return {
    name: 'node',
    peers: NODE_PEERS,
    floors: NODE_FLOORS,
    isFreshProcess: true,
    openSession: (dataset) => openSession(scratch, dataset),
    openGrowth: () => openGrowth(scratch),
    close() {},
  }
}

async function openSession(scratch, { dataset, count }) {
  const directory = await mkdtemp(join(scratch, `${dataset}-`))
  const children = new Map()
  const fingerprints = new Map()

  return {
    async load(peer) {
      if (peer.needs) await checkBuilt(peer.needs)
      children.set(peer, startChild(peer.name, dataset, count))
      await fingerprintOf(peer, count)
    },

    async run(peer, job) {
      const child = job.isFresh ? await replaceChild(peer) : children.get(peer)
      const fingerprint = job.operation === 'scan' ? fingerprints.get(job.count) : undefined
      return child.run({ ...job, fingerprint, place: join(directory, `${peer.name}-${job.place}`) })
    },

    async close() {
      await Promise.all([...children.values()].map((child) => child.stop()))
      await rm(directory, { recursive: true, force: true })
    },
  }

  async function fingerprintOf(peer, count) {
    // Having made the records is not part of any measurement, so it is done before the first one.
    fingerprints.set(count, await children.get(peer).run({ operation: 'fingerprint', count }))
  }

  async function replaceChild(peer) {
    await children.get(peer).stop()
    const child = startChild(peer.name, dataset, count)
    children.set(peer, child)
    return child
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
