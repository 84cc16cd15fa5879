// Gives every log that is made these options, under those that it is given.

export const withOptions = (Log, options) => {
  const one = make => (name, own) => make(name, { ...options, ...own })
  return Object.assign(one(Log), Log, { indexedDB: one(Log.indexedDB), memory: own => Log.memory({ ...options, ...own }) })
}
