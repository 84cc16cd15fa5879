// Lets the browser paint and answer the person before the work goes on. Not setTimeout: in a tab in the background its
// delays grow to a second.

export function yieldToPage () {
  return globalThis.scheduler?.yield?.() ?? new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
