/** A copy, for values that others go on changing; a class's instance, and what cannot be copied, as it is. */
export function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  try {
    const clone = structuredClone(value)
    return Object.getPrototypeOf(clone) === Object.getPrototypeOf(value) ? clone : value
  } catch {
    return value
  }
}
