// The parts of a text, those that were searched for in <mark>.

import { element } from './element.js'

export function marked (text = '', ranges = []) {
  const parts = []
  let at = 0
  for (const [begin, end] of ranges) {
    parts.push(text.slice(at, begin), element('mark', {}, text.slice(begin, end)))
    at = end
  }
  return [...parts, text.slice(at)]
}
