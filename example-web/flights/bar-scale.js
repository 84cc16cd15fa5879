// Equal bars along a number line; the first and the last also take what lies beyond them.

export function barOf (value, { from, width, count }) {
  return Math.min(Math.max(Math.floor((value - from) / width), 0), count - 1)
}

// A new array, because a view's state belongs to the view: a step must not change what it was given.
export function addOne (counts, bar) {
  return counts.with(bar, counts[bar] + 1)
}
