// Logs of growing length, one after another, on one host: time to reopen, memory of a scan.

export async function runGrowth({ host, options, results }) {
  const section = `${host.name} growth`
  const started = performance.now()
  for (const count of options.growthCounts) {
    options.progress(`${section}, ${count.toLocaleString('en')} records`)
    let probe
    try {
      probe = await host.openGrowth()
      const { bytes, samples, memory } = await probe.run({ operation: 'growth', place: `growth-${count}`, count, rounds: 2 * options.reps })
      for (const sample of samples) results.add(section, 'reopen', String(count), { samples: [sample] })
      results.memory.push({ section, count, bytes, memory })
    } catch (error) {
      results.fail(section, 'growth', `flumedb-wasm, ${count} records`, error)
    } finally {
      await probe?.close()
    }
  }
  options.took(`${host.name}: growth`, performance.now() - started)
}
