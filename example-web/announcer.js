// Says what has happened, on the page for a moment and to screen readers.

import { byId } from './element.js'

const showMs = 5000
let hide

export function say (text) {
  const line = byId('announcer')
  line.textContent = text
  clearTimeout(hide)
  hide = setTimeout(() => { line.textContent = '' }, showMs)
}
