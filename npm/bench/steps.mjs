// The measurements of one repetition, in order. Within each step the peers take turns, so that a noisy moment hits
// all of them, and every repetition begins with another peer.

const SINGLE_APPENDS = 300
const GETS = { chromium: { getCached: 3, getUncached: 4, reopen: 5 }, node: { getCached: 25, getUncached: 4, reopen: 5 } }

export function stepsFor({ host, peers, count, rep, isFull }) {
  const steps = []
  for (const operation of ['pipelined', 'batches', 'single']) {
    for (const durability of ['relaxed', 'strict']) {
      steps.push(peers.flatMap((peer) => appends(peer, operation, durability)))
    }
  }
  for (const operation of ['scan', 'reopen', 'getCached', 'getUncached']) {
    steps.push(peers.flatMap((peer) => reads(peer, operation)))
  }
  return steps.map((jobs) => rotate(jobs, rep))

  function appends(peer, operation, durability) {
    if (!peer.operations.includes(operation) || !peer.durabilities.includes(durability)) return []
    const wanted = operation === 'single' ? SINGLE_APPENDS : count
    // How it is called makes the same difference at any durability, so the other ways are tried at one.
    const ways = durability === 'relaxed' ? waysOf(peer, operation) : waysOf(peer, operation).slice(0, 1)
    return ways.map((way, i) => ({
      peer,
      operation,
      durability,
      way,
      metric: `${operation} ${durability}`,
      place: `${operation}-${durability}-${i}`,
      count: Math.min(wanted, capOf(peer, operation)),
    }))
  }

  function reads(peer, operation) {
    if (!peer.operations.includes(operation)) return []
    const durability = peer.durabilities[0]
    return waysOf(peer, operation).map((way) => ({
      peer,
      operation,
      durability,
      way,
      metric: operation,
      place: `pipelined-${durability}-0`,
      count: Math.min(count, capOf(peer, 'pipelined')),
      rounds: GETS[host][operation],
      // Cold means that nothing has run in this process yet.
      isFresh: operation === 'scan' || operation === 'reopen',
    }))
  }

  function capOf(peer, operation) {
    if (peer.caps?.[operation]) return peer.caps[operation]
    return isFull || !peer.cap ? Infinity : peer.cap
  }
}

function waysOf(peer, operation) {
  return peer.ways?.[operation] ?? [undefined]
}

function rotate(jobs, rep) {
  const by = jobs.length === 0 ? 0 : rep % jobs.length
  return [...jobs.slice(by), ...jobs.slice(0, by)]
}
