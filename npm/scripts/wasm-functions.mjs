// Reads from a wasm file with a name section how many bytes of code each function has, and how large its sections are.

const sectionNames = ['custom', 'type', 'import', 'function', 'table', 'memory', 'global', 'export', 'start', 'element', 'code', 'data', 'data count']

// Answers { functions: [{ name, size }], sections: Map of name to bytes }.
export function wasmFunctions (bytes) {
  let at = 8 // magic and version
  const unsigned = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }
  const text = () => {
    const length = unsigned()
    at += length
    return bytes.toString('utf8', at - length, at)
  }

  const sections = new Map()
  const sizes = []
  const names = new Map()
  let imported = 0
  while (at < bytes.length) {
    const id = bytes[at++]
    const size = unsigned()
    const end = at + size
    let name = sectionNames[id]
    if (name === 'custom') name = text()
    sections.set(name, (sections.get(name) ?? 0) + size)
    if (name === 'import') imported = countImportedFunctions()
    if (name === 'code') for (let left = unsigned(); left > 0; left--) sizes.push(skip(unsigned()))
    if (name === 'name') readNames(end)
    at = end
  }
  if (names.size === 0) throw new Error('the wasm has no names: it was stripped')
  return { functions: sizes.map((size, i) => ({ name: names.get(imported + i) ?? '?', size })), sections }

  function skip (size) {
    at += size
    return size
  }

  // Go imports nothing but functions: anything else has another shape and would be misread.
  function countImportedFunctions () {
    const count = unsigned()
    for (let i = 0; i < count; i++) {
      text()
      text()
      if (bytes[at++] !== 0) throw new Error('the wasm imports something other than functions')
      unsigned()
    }
    return count
  }

  function readNames (end) {
    while (at < end) {
      const kind = bytes[at++]
      const next = unsigned() + at
      if (kind === 1) for (let left = unsigned(); left > 0; left--) names.set(unsigned(), text())
      at = next
    }
  }
}
