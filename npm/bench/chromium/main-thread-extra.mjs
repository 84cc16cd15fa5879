// Driver's side of main-thread.mjs: how long our package keeps the page from anything else.

export const mainThread = {
  datasets: ['small', 'large'],

  async run({ session, section, count, results, dead }) {
    const peer = session.peerNamed('flumedb-wasm')
    if (!peer || dead.has(peer)) return
    for (const work of ['batches', 'scan by pull-stream', 'scan by for await', 'pipelined']) {
      try {
        const { longest, gap } = await session.run(peer, { operation: 'mainThread', work, count, place: `main-thread-${work}` })
        results.add(section, 'longestTask', work, { samples: [longest] })
        results.add(section, 'longestGap', work, { samples: [gap] })
      } catch (error) {
        results.fail(section, 'longestTask', work, error)
      }
    }
  },
}
