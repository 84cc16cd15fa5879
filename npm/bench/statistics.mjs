export function median(numbers) {
  return quantile(numbers, 0.5)
}

export function quantile(numbers, q) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const position = (sorted.length - 1) * q
  const below = sorted[Math.floor(position)]
  const above = sorted[Math.ceil(position)]
  return below + (above - below) * (position - Math.floor(position))
}

export function spread(numbers) {
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers), reps: numbers.length }
}
