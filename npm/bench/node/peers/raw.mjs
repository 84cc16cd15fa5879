// The host's own API and no log at all: lines of JSON written by fs.writeSync, with an fdatasync for each
// acknowledgement where it has to be strict; read back as NDJSON, split and parsed. The floor under everybody.

import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'

export default {
  async open(place, { durability }) {
    const file = openSync(`${place}.ndjson`, 'a+')

    const append = (values) => {
      let lines = ''
      for (const value of values) lines += JSON.stringify(value) + '\n'
      writeSync(file, lines)
    }
    const acknowledge = durability === 'strict' ? () => fdatasyncSync(file) : () => {}

    return {
      appendPipelined(values) {
        for (let i = 0; i < values.length; i += 1000) append(values.slice(i, i + 1000))
        acknowledge()
      },
      appendBatch(values) {
        append(values)
        acknowledge()
      },
      append(value) {
        append([value])
        acknowledge()
      },
      scan() {
        const lines = readFileSync(`${place}.ndjson`, 'utf8').split('\n')
        lines.pop()
        return lines.map((line) => JSON.parse(line))
      },
      close: () => closeSync(file),
    }
  },
}
