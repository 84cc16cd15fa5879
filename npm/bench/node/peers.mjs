// Who is measured in Node. To add a peer, write node/peers/NAME.mjs and a line here.

const ALL = ['pipelined', 'batches', 'single', 'scan', 'getCached', 'getUncached', 'reopen']

export const NODE_PEERS = [
  {
    name: 'flumedb-wasm',
    isOurs: true,
    needs: 'dist/node.mjs',
    operations: ALL,
    durabilities: ['relaxed', 'strict'],
    ways: { pipelined: ['a promise each', 'a callback each', 'one array'], scan: ['pull-stream', 'for await'] },
  },
  { name: 'flumelog-offset', title: 'flumedb + flumelog-offset', operations: ALL, durabilities: ['relaxed'] },
  // Every drain waits 250 ms, so that few acknowledged appends are all there is time for.
  { name: 'async-append-only-log', operations: ALL, durabilities: ['strict'], caps: { batches: 4000, single: 6 } },
  { name: 'lmdb', operations: ALL, durabilities: ['relaxed', 'strict'] },
  { name: 'raw', title: 'writeSync / NDJSON', operations: ['pipelined', 'batches', 'single', 'scan'], durabilities: ['relaxed', 'strict'] },
]

export const NODE_FLOORS = { pipelined: 'raw', batches: 'raw', single: 'raw', scan: 'raw' }
