// Makes wasm modules that are started from now on crash on command, as a bug or a lack of memory would crash them: while
// it is set, whatever Go asks of its host throws through Go.

export const trap = { set: false }

for (const name of ['instantiate', 'instantiateStreaming']) {
  const real = WebAssembly[name]
  WebAssembly[name] = (source, imports) => {
    const trapped = {}
    for (const [module, functions] of Object.entries(imports)) {
      trapped[module] = Object.fromEntries(Object.entries(functions).map(([key, run]) => [key, (...args) => {
        if (trap.set) throw new Error('the trap')
        return run(...args)
      }]))
    }
    return real.call(WebAssembly, source, trapped)
  }
}
