// Whose views are measured in Chromium. To add one, write chromium/views/NAME.mjs and a line here: what each of its ways
// does.

// As for the log: one row a record takes too long for all of them.
const ROWS_CAP = 10_000

export const CHROMIUM_VIEW_PEERS = [
  {
    name: 'flumedb-wasm',
    isOurs: true,
    needs: 'dist/browser.mjs',
    ways: {
      Level: ['newest', 'append'],
      Query: ['newest', 'counts', 'countOf', 'append'],
      Reduce: ['totals', 'counts', 'append'],
      'JavaScript reducer': ['totals'],
    },
  },
  { name: 'jitdb', ways: { jitdb: ['newest', 'counts', 'countOf', 'append'] } },
  { name: 'dexie', ways: { indexes: ['newest', 'counts', 'countOf', 'append'], 'no index': ['totals'] }, cap: ROWS_CAP },
  { name: 'sqlite', title: 'sqlite-wasm', ways: { indexes: ['newest', 'counts', 'countOf', 'append'], 'no index': ['totals'] }, inWorker: true },
]
