// Remembers what was acknowledged, outside the process that will be killed, and holds what is left against it.

import assert from 'node:assert/strict'

export class Acknowledged {
  #appends = [] // { run, first, count, seq }
  #records = 0

  add (run, { first, count, seq }) {
    this.#appends.push({ run, first, count, seq })
    this.#records += count
  }

  get records () {
    return this.#records
  }

  // survey is of the log after a fresh open.
  check ({ spans, partial, records, damage }) {
    assert.deepEqual(damage, [], 'verify() finds no damage')
    assert.deepEqual(partial, [], 'every batch is there as a whole or not at all')

    // Every run was appended in order by one writer, so what is left of it is one span that starts at its beginning.
    let seq = 0
    const byRun = new Map()
    for (const span of spans) {
      assert.equal(span.seq, seq, 'seqs are dense')
      assert.equal(span.n, 0, `run ${span.run} starts at its first record and goes on without gap or repetition`)
      assert.ok(!byRun.has(span.run), `run ${span.run} is in one piece`)
      byRun.set(span.run, span)
      seq += span.count
    }
    assert.equal(records, seq, 'verify() counts the records that were read')

    for (const { run, first, count, seq } of this.#appends) {
      const span = byRun.get(run)
      assert.ok(span && first + count <= span.count, `acknowledged records ${first} to ${first + count - 1} of run ${run} are there, in ${JSON.stringify(spans)}`)
      assert.equal(seq, span.seq + first + count - 1, `records ${first} to ${first + count - 1} of run ${run} have the seqs that were acknowledged`)
    }
  }
}
