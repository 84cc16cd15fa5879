// What modules of Node's kind find without asking, as the bundlers of their time gave it to them.

import { Buffer } from 'buffer'
import process from 'process/browser.js'

const setImmediate = (fn, ...args) => setTimeout(fn, 0, ...args)
export { Buffer, process, setImmediate }
