/** What Go finds on its global object: the worker's, and these. */
export function makeScope(own: Record<PropertyKey, unknown>): typeof globalThis {
  return new Proxy(globalThis, {
    get: (target, key) => (key in own ? own[key] : Reflect.get(target, key)),
    set: (_, key, value) => {
      own[key] = value
      return true
    }
  })
}
