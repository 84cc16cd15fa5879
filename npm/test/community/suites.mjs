// The community's suites, as their packages ship them, and how each is run: by what is ours in each run, and what of it
// then fails. docs/compatibility.md has the same, for people; suites.test.mjs holds the two against each other and
// against what happens.
//
// `ours` is what stand-ins.cjs puts into the place of the originals: `flumedb` our Flume, `log` our Log in a folder,
// `memory` our Log.memory, `reduce` our Reduce, `level` our Level, `links` our Links, `query` our Query. `cases` is how many cases a suite has, or a run that
// crashes comes to, and `assertions` how many checks where that is always the same. A case in `fails` must fail; one in
// `races` may, since it depends on which of two things comes first, and the suite does not see to that. `runs` are in Node,
// `chromium` in a page, bundled, with Log in IndexedDB.

const BEFORE = 'they take for granted that a view or a live stream has a record before append has answered; over our log it has it soon after, and reads of views wait for it'
const AT_ONCE = 'it takes for granted that a live stream has a record before append has answered, which flumelog-offset, reading files, does not see to'
const SLICED = 'it takes for granted that a live stream of a view has an item before a read answers that waited for the same; where the task has taken its 10 ms, ours gives the item in the next'
const SOON = 'it takes for granted that a live stream of a view has an item before a read answers that waited for the same; `Level` makes the keys of new records again for a live stream, and the item comes soon after'
const LOCKED = 'they open the log again without closing it, and in Node ours is open once at a time: the second gets `LOCKED`'
const MEMORY = 'it opens the log again after closing it, and `Log.memory` keeps nothing'
const NO_FOLDER = 'on a log without a file name flumeview-query makes a view without `close` and `destroy`, which flumedb 2.1.8 refuses too'
const REOPEN = "they open flumeview-level's folder again before it is closed, and LevelDB may still have it locked; so it is with flumedb 2.1.8"

const reads = { '(crash)': REOPEN, 'empty close 2': REOPEN, 'empty close 3': REOPEN, 'empty close 4': REOPEN }
const reload = { reload: LOCKED, remote: LOCKED, 'remote 2': LOCKED }

export const suites = [
  { file: 'flumelog-memory/test/persisted.js', cases: 10, assertions: 33, runs: [{ ours: 'log' }], chromium: [{ ours: 'log' }] },
  { file: 'flumelog-memory/test/index.js', cases: 10, assertions: 33, runs: [{ ours: 'memory', fails: { reopen: MEMORY } }] },

  { file: 'flumedb/test/memlog.js', cases: 20, assertions: 36, runs: [{ ours: 'flumedb' }, { ours: 'flumedb reduce' }, { ours: 'flumedb log reduce' }, { ours: 'log' }], chromium: [{ ours: 'flumedb log' }, { ours: 'flumedb log reduce' }, { ours: 'log' }] },
  { file: 'flumedb/test/memlog-map.js', cases: 6, assertions: 8, runs: [{ ours: 'flumedb' }, { ours: 'flumedb reduce' }, { ours: 'flumedb log reduce' }], chromium: [{ ours: 'flumedb log reduce' }] },
  { file: 'flumedb/test/offset.js', cases: 26, assertions: 44, runs: [{ ours: 'flumedb' }, { ours: 'flumedb reduce' }, { ours: 'flumedb log' }, { ours: 'flumedb log reduce' }, { ours: 'log' }] },
  { file: 'flumedb/test/level.js', cases: 10, assertions: 18, runs: [{ ours: 'flumedb' }, { ours: 'flumedb reduce' }] },
  { file: 'flumedb/test/rebuild.js', cases: 1, assertions: 16, runs: [{ ours: 'flumedb' }, { ours: 'flumedb log' }, { ours: 'log' }], chromium: [{ ours: 'flumedb log' }, { ours: 'log' }] },

  {
    file: 'flumeview-reduce/test/index.js',
    cases: 1,
    runs: [
      { ours: 'flumedb', races: { simple: SLICED } },
      { ours: 'flumedb reduce', races: { simple: SLICED } },
      { ours: 'flumedb log', fails: { simple: BEFORE } },
      { ours: 'flumedb log reduce', races: { simple: SLICED } },
      { ours: 'log', fails: { simple: BEFORE } }
    ],
    chromium: [{ ours: 'flumedb log', fails: { simple: BEFORE } }, { ours: 'flumedb log reduce', races: { simple: SLICED } }]
  },
  {
    file: 'flumeview-reduce/test/persistant.js',
    cases: 1,
    runs: [
      { ours: 'flumedb reduce', races: { simple: SLICED } },
      { ours: 'flumedb log', fails: { simple: BEFORE } },
      { ours: 'flumedb log reduce', races: { simple: SLICED } },
      { ours: 'log', fails: { simple: BEFORE } }
    ]
  },
  {
    file: 'flumeview-reduce/test/reload.js',
    cases: 4,
    runs: [
      { ours: 'flumedb', assertions: 5 },
      { ours: 'flumedb reduce', assertions: 5 },
      { ours: 'flumedb log', fails: { ...reload, '(crash)': LOCKED } },
      { ours: 'flumedb log reduce', fails: { ...reload, '(crash)': LOCKED } },
      { ours: 'log', fails: reload }
    ],
    chromium: [{ ours: 'flumedb log', assertions: 5 }, { ours: 'flumedb log reduce', assertions: 5 }] // where a log may be open twice
  },
  { file: 'flumeview-reduce/test/stream.js', cases: 1, assertions: 0, runs: [{ ours: 'flumedb log' }, { ours: 'flumedb log reduce' }] },

  { file: 'flumeview-level/test/index.js', cases: 5, assertions: 6, runs: [{ ours: 'flumedb' }, { ours: 'flumedb log' }, { ours: 'flumedb log level' }, { ours: 'log' }], chromium: [{ ours: 'flumedb log' }, { ours: 'flumedb log level' }, { ours: 'log' }] },
  { file: 'flumeview-level/test/live.js', cases: 2, assertions: 1, runs: [{ ours: 'flumedb' }, { ours: 'flumedb log' }, { ours: 'flumedb log level', races: { simple: SOON } }, { ours: 'log' }], chromium: [{ ours: 'flumedb log' }, { ours: 'flumedb log level', races: { simple: SOON } }, { ours: 'log' }] },
  {
    file: 'index-read.cjs',
    cases: 9,
    runs: [{ ours: 'flumedb', races: reads }, { ours: 'flumedb log', races: reads }, { ours: 'flumedb log level', assertions: 14 }, { ours: 'log', races: reads }],
    chromium: [{ ours: 'flumedb log' }]
  },
  { file: 'index-bench.cjs', cases: 1, assertions: 0, runs: [{ ours: 'flumedb log' }, { ours: 'flumedb log level' }] },

  { file: 'flumeview-query/test/exact.js', cases: 4, assertions: 22, runs: [{ ours: 'flumedb' }, { ours: 'flumedb log' }, { ours: 'flumedb log query' }] },
  { file: 'flumeview-query/test/memory.js', cases: 6, runs: [{ ours: 'flumedb memory', cases: 0, fails: { '(crash)': NO_FOLDER } }, { ours: 'flumedb memory query', fails: { 'simple > load2': BEFORE } }] },
  { file: 'flumeview-query/test/nested-links.js', cases: 7, assertions: 4, runs: [{ ours: 'flumedb' }, { ours: 'flumedb log' }, { ours: 'flumedb log query' }] },
  { file: 'flumeview-query/test/random.js', cases: 1002, assertions: 2001, runs: [{ ours: 'flumedb log' }, { ours: 'flumedb log query' }] },
  {
    file: 'flumeview-query/test/scan.js',
    cases: 6,
    runs: [
      { ours: 'flumedb', races: { 'simple > load2': AT_ONCE } },
      { ours: 'flumedb log', fails: { 'simple > load2': BEFORE } },
      { ours: 'flumedb log query', fails: { 'simple > load2': BEFORE } }
    ]
  },
  { file: 'flumeview-links/test/links.js', cases: 8, assertions: 4, runs: [{ ours: 'flumedb' }, { ours: 'flumedb log' }, { ours: 'flumedb log links' }, { ours: 'log' }] },
  { file: 'flumeview-hashtable/test/simple.js', cases: 1, assertions: 4, runs: [{ ours: 'flumedb log' }, { ours: 'log' }] },
  { file: 'flumeview-hashtable/test/flumeview-index.js', cases: 5, assertions: 6, runs: [{ ours: 'flumedb' }, { ours: 'flumedb log' }, { ours: 'log' }] }
]
