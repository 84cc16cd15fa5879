// Values for records, by a seeded generator.

import { random } from '../crash/workload.mjs'

export { random }

export const seed = Number(process.env.FLUMEDB_SEED ?? Date.now() % 1e9)

const TEXTS = ['', 'plain', '"quoted" \\ and \n broken\t', 'é ü ß', '日本語 テキスト', '🦩🇩🇪 👩‍👩‍👧', '\u0000\u0001\u001f\u007f\u2028\u2029', '\ud800 alone', '__proto__']

// A value of any shape that JSON has; of about the size of its padding.
export function someValue (next, n, padding = next() < 0.9 ? next() * 300 : next() * 5000) {
  const text = () => TEXTS[Math.floor(next() * TEXTS.length)]
  return {
    n,
    [text() || 'k']: text(),
    numbers: [0, -1, 1.5, 1e300, -2147483648, 4294967296, Number.MAX_SAFE_INTEGER].slice(0, next() * 8),
    deep: [[], {}, [null, true, false, { a: [{ b: text() }] }]],
    pad: 'x'.repeat(padding)
  }
}

export const someValues = (count, next, padding) => Array.from({ length: count }, (_, n) => someValue(next, n, padding))
