// Whether bytes are a JSON text, exactly as JSON.parse would say, without making anything of it. UTF-8 is checked
// elsewhere: here all bytes from 0x80 on are letters of a string.

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

/** The bytes that a string goes on through. */
const PLAIN = new Uint8Array(256).fill(1, 0x20)
PLAIN[QUOTE] = PLAIN[BACKSLASH] = 0

const SPACE = new Uint8Array(256)
for (const c of ' \t\n\r') SPACE[c.charCodeAt(0)] = 1

const ESCAPED = new Uint8Array(256)
for (const c of '"\\/bfnrt') ESCAPED[c.charCodeAt(0)] = 1

const HEX = new Uint8Array(256)
for (const c of '0123456789abcdefABCDEF') HEX[c.charCodeAt(0)] = 1

export const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39

/** What a scan answers where the bytes end within the value. */
export const SHORT = -2
/** What a scan answers where no value is; `faultAt` says at which byte that shows. */
export const FAULT = -1

/** Where the last scan found what cannot be. */
export let faultAt = 0

// The containers that are open around the place of the scan: 1 for an object, 0 for an array.
let open = new Uint8Array(1024)

export function skipSpace(b: Uint8Array, at: number, end: number): number {
  while (at < end && SPACE[b[at]]) at++
  return at
}

/**
 * Answers where the value ends that begins at `at`, which is no space; or SHORT or FAULT. A number that reaches `end` may
 * go on behind it.
 */
export function scanValue(b: Uint8Array, at: number, end: number): number {
  let depth = 0
  let i = at
  for (;;) {
    // A value is to begin here.
    if (i >= end) return SHORT
    const c = b[i]
    if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      if (depth === open.length) grow()
      open[depth++] = c === OPEN_OBJECT ? 1 : 0
      i = skipSpace(b, i + 1, end)
      if (i >= end) return SHORT
      if (b[i] !== (c === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY)) {
        if (c === OPEN_OBJECT && (i = key(b, i, end)) < 0) return i
        continue
      }
      depth--
      i++
    } else {
      i = c === QUOTE ? string(b, i + 1, end) : scalar(b, i, end, c)
      if (i < 0) return i
    }
    // A value has ended here; so may some that hold it.
    for (;;) {
      if (!depth) return i
      if (SPACE[b[i]]) i = skipSpace(b, i, end)
      if (i >= end) return SHORT
      const next = b[i]
      const inObject = open[depth - 1]
      if (next === COMMA) {
        i = skipSpace(b, i + 1, end)
        if (inObject && (i = key(b, i, end)) < 0) return i
        break
      }
      if (next !== (inObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return fault(i)
      depth--
      i++
    }
  }
}

function fault(at: number): number {
  faultAt = at
  return FAULT
}

function grow(): void {
  const more = new Uint8Array(2 * open.length)
  more.set(open)
  open = more
}

/** A member's name and colon; answers where its value begins. */
function key(b: Uint8Array, i: number, end: number): number {
  if (i >= end) return SHORT
  if (b[i] !== QUOTE) return fault(i)
  i = string(b, i + 1, end)
  if (i < 0) return i
  i = skipSpace(b, i, end)
  if (i >= end) return SHORT
  if (b[i] !== COLON) return fault(i)
  return skipSpace(b, i + 1, end)
}

/** The rest of a string, behind its first quote. */
function string(b: Uint8Array, i: number, end: number): number {
  for (;;) {
    while (PLAIN[b[i]]) i++
    if (i >= end) return SHORT
    const c = b[i++]
    if (c === QUOTE) return i
    if (c !== BACKSLASH) return fault(i - 1)
    if (i >= end) return SHORT
    if (b[i] === 0x75) {
      for (const last = i + 4; i < last; ) {
        if (++i >= end) return SHORT
        if (!HEX[b[i]]) return fault(i)
      }
    } else if (!ESCAPED[b[i]]) return fault(i)
    i++
  }
}

/** A number, true, false or null. */
function scalar(b: Uint8Array, i: number, end: number, c: number): number {
  if (c === 0x74) return word(b, i, end, 'true')
  if (c === 0x66) return word(b, i, end, 'false')
  if (c === 0x6e) return word(b, i, end, 'null')
  if (c === 0x2d && ++i >= end) return SHORT
  if (!isDigit(b[i])) return fault(i)
  if (b[i++] !== 0x30) while (i < end && isDigit(b[i])) i++
  if (i < end && b[i] === 0x2e) {
    if (++i >= end) return SHORT
    if (!isDigit(b[i])) return fault(i)
    while (i < end && isDigit(b[i])) i++
  }
  if (i < end && (b[i] | 0x20) === 0x65) {
    if (++i >= end) return SHORT
    if ((b[i] === 0x2b || b[i] === 0x2d) && ++i >= end) return SHORT
    if (!isDigit(b[i])) return fault(i)
    while (i < end && isDigit(b[i])) i++
  }
  return i
}

function word(b: Uint8Array, i: number, end: number, word: string): number {
  for (let j = 0; j < word.length; j++, i++) {
    if (i >= end) return SHORT
    if (b[i] !== word.charCodeAt(j)) return fault(i)
  }
  return i
}
