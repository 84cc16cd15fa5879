// Remembers what every life has been acknowledged, and holds what the log has in the end against it.

import assert from 'node:assert/strict'

export class Lives {
  #appends = new Map() // by life: what was acknowledged to it, as { first, count, seq }
  #closed = new Set() // those that were closed, and so have said all they know
  #killed = new Set() // what these say of their end counts for nothing
  failures = []

  /** A new one. */
  begin () {
    const life = this.#appends.size
    this.#appends.set(life, [])
    return life
  }

  closed (life) {
    this.#closed.add(life)
  }

  killed (life) {
    this.#killed.add(life)
  }

  /** How many have been acknowledged something. */
  get heard () {
    return [...this.#appends.values()].filter(appends => appends.length).length
  }

  get post () {
    return {
      '/acknowledged': ({ life, appends }) => void this.#appends.get(life).push(...appends),
      '/failed': ({ life, error }) => {
        if (!this.#killed.has(life)) this.failures.push(`life ${life}: ${error}`)
      }
    }
  }

  check ({ log, lives, records, damage }) {
    assert.deepEqual(this.failures, [])
    assert.deepEqual(damage, [], 'verify() finds no damage')
    assert.equal(records, log.length, 'verify() counts the records that were read')
    const there = new Map([...this.#appends.keys()].map(life => [life, []])) // by life: the seqs of its records
    for (const [i, [seq, life, n, first, count]] of log.entries()) {
      assert.equal(seq, i, 'seqs are dense')
      assert.equal(n, there.get(life).length, `the records of life ${life} are there from its first on, in order, none twice`)
      there.get(life).push(seq)
      const end = log[seq + first + count - 1 - n]
      assert.ok(end?.[1] === life && end[3] === first, `the batch of record ${n} of life ${life} is there as a whole and in one piece`)
    }
    for (const [life, seqs] of there) {
      const appends = this.#appends.get(life)
      for (const { first, count, seq } of appends)
        assert.equal(seqs[first + count - 1], seq, `records ${first} to ${first + count - 1} of life ${life} have the seqs that were acknowledged`)
      if (this.#closed.has(life)) assert.equal(seqs.length, appends.reduce((sum, { count }) => sum + count, 0), `all of life ${life}, which was closed, was acknowledged`)
      assert.equal(lives[life] ?? 0, seqs.length, `the view has counted the records of life ${life} once each`)
    }
  }
}
