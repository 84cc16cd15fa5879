// How much linear memory the WebAssembly of this page or process holds, without asking the package: every instance
// made from now on is watched for an exported memory. Import it before the package.

const memories = new Set()

export function wasmMemoryBytes() {
  let bytes = 0
  for (const memory of memories) bytes += memory.buffer.byteLength
  return bytes
}

const { instantiate, instantiateStreaming, Instance } = WebAssembly

WebAssembly.instantiate = async (...args) => watched(await instantiate.apply(WebAssembly, args))
if (instantiateStreaming) {
  WebAssembly.instantiateStreaming = async (...args) => watched(await instantiateStreaming.apply(WebAssembly, args))
}
WebAssembly.Instance = new Proxy(Instance, { construct: (target, args) => watched(new target(...args)) })

function watched(result) {
  const instance = result instanceof Instance ? result : result.instance
  for (const exported of Object.values(instance.exports)) {
    if (exported instanceof WebAssembly.Memory) memories.add(exported)
  }
  return result
}
