// Whose views are measured in Node. To add one, write node/views/NAME.mjs and a line here: what each of its ways does.

export const NODE_VIEW_PEERS = [
  {
    name: 'flumedb-wasm',
    isOurs: true,
    needs: 'dist/node.mjs',
    ways: {
      Level: ['newest', 'append'],
      Query: ['newest', 'counts', 'countOf', 'append'],
      Reduce: ['totals', 'counts', 'append'],
      'JavaScript reducer': ['totals'],
    },
  },
  { name: 'flumedb', ways: { 'flumeview-level': ['newest', 'append'], 'flumeview-reduce': ['totals', 'counts', 'append'] } },
  { name: 'jitdb', ways: { jitdb: ['newest', 'counts', 'countOf', 'append'] } },
  { name: 'sqlite', title: 'SQLite', ways: { indexes: ['newest', 'counts', 'countOf', 'append'], 'no index': ['totals'] } },
]
