// Who is measured in Chromium. To add a peer, write chromium/peers/NAME.mjs and a line here.

const ALL = ['pipelined', 'batches', 'single', 'scan', 'getCached', 'getUncached', 'reopen']

// One row a record costs fifty times more than everything else here: these peers store the first 10,000 records only
// (all with --full) and are compared by the time a record takes, which is lower in a small database, not higher.
const ROWS_CAP = 10_000

export const CHROMIUM_PEERS = [
  {
    name: 'flumedb-wasm',
    isOurs: true,
    needs: 'dist/browser.mjs',
    operations: ALL,
    durabilities: ['relaxed', 'strict'],
    ways: { pipelined: ['a promise each', 'a callback each', 'one array'], scan: ['pull-stream', 'for await'] },
  },
  { name: 'dexie', operations: ALL, durabilities: ['relaxed', 'strict'], cap: ROWS_CAP },
  { name: 'sqlite', title: 'sqlite-wasm', operations: ALL, durabilities: ['relaxed', 'strict'], inWorker: true },
  { name: 'rows', title: 'IndexedDB rows', operations: ALL, durabilities: ['relaxed', 'strict'], cap: ROWS_CAP },
  { name: 'limit', title: 'JavaScript limit', operations: ['pipelined', 'batches', 'scan'], durabilities: ['relaxed', 'strict'] },
  { name: 'floor', title: 'bare put / parse', operations: ['single', 'scan'], durabilities: ['relaxed', 'strict'] },
]

// What a metric is held against besides the peers.
export const CHROMIUM_FLOORS = { pipelined: 'limit', batches: 'limit', single: 'floor', scan: 'floor', getCached: 'rows', getUncached: 'rows', reopen: 'rows' }
