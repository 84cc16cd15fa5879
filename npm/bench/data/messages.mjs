// Messages such as a scuttlebutt feed holds, made up from a seed: the same ones in every run and every host.
// Posts carry accents, other scripts and emoji as real ones do, so that nobody gets away with one byte a character.

const AUTHORS = 500
const FIRST_TIMESTAMP = 1514764800000
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

const BASE64_PAIRS = Array.from({ length: 4096 }, (_, i) => BASE64[i >> 6] + BASE64[i & 63])

const WORDS = (
  'the of and to in is that for it was on are as with they be at have this from or had by not but what all were when we ' +
  'there can an your which their said if do will each about how up out them then she many some so these would other into ' +
  'has more her two like him see time could no make than first been its who now people my made over did down only way ' +
  'find use may water long little very after words called just where most know gossip feed pub replicate offline boat ' +
  'sneakernet butt crypto log append message garden solar island sync peer network community'
).split(' ')

const FOREIGN_WORDS = [
  'café', 'naïve', 'über', 'Ærø', 'señor', 'façade', 'smörgåsbord', 'Zürich', 'piñata', 'coração',
  'привет', 'мир', 'сегодня', 'γειά', 'κόσμε', '日本語', '世界', '你好', '안녕', 'שלום', 'مرحبا',
  '🐚', '🦀', '🌱', '⛵', '🎉', '❤️', '👩‍💻', '…', '“so”', '—',
]

// Text is put together from phrases: word by word it would take longer to make than to append.
const PHRASES = phrases(randomFrom(1), () => false)
const FOREIGN_PHRASES = phrases(randomFrom(2), (random) => random() < 0.2)

function phrases(random, isForeign) {
  return Array.from({ length: 2048 }, () => {
    const words = Array.from({ length: 3 + Math.floor(random() * 3) }, () => pick(random, isForeign(random) ? FOREIGN_WORDS : WORDS))
    return words.join(' ')
  })
}

const SIZES = {
  small: { seed: 200, postLength: 40, hasPrevious: false, mentions: false },
  large: { seed: 600, postLength: 425, hasPrevious: true, mentions: true },
}

export function* messages(size) {
  const { seed, postLength, hasPrevious, mentions } = SIZES[size]
  const random = randomFrom(seed)
  const authors = Array.from({ length: AUTHORS }, () => ({ id: `@${base64(random, 43)}=.ed25519`, sequence: 0, previous: null }))
  let timestamp = FIRST_TIMESTAMP

  for (;;) {
    // A few authors write most of a feed, as everywhere.
    const author = authors[Math.floor(AUTHORS * random() ** 3)]
    timestamp += 1 + Math.floor(random() * 60000)
    author.sequence++
    const message = { author: author.id, sequence: author.sequence, timestamp }
    if (hasPrevious) {
      message.previous = author.previous
      author.previous = `%${base64(random, 43)}=.sha256`
    }
    message.content = content(random, authors, postLength, mentions)
    yield message
  }
}

function content(random, authors, postLength, mentions) {
  const kind = random()
  if (kind < 0.55) {
    const post = { type: 'post', text: text(random, postLength * (0.55 + random() * 0.9)) }
    if (mentions && random() < 0.3) post.mentions = [{ link: authors[Math.floor(random() * AUTHORS)].id, name: word(random) }]
    return post
  }
  if (kind < 0.8) {
    return { type: 'vote', vote: { value: 1, expression: 'Like' }, text: text(random, postLength * 0.45) }
  }
  if (kind < 0.93) {
    return { type: 'contact', following: random() < 0.8, blocking: false, text: text(random, postLength * 0.55) }
  }
  return { type: 'about', name: word(random), description: text(random, postLength * 0.8) }
}

function text(random, length) {
  // One post in four comes from somebody who does not write plain ASCII.
  const phrases = random() < 0.25 ? FOREIGN_PHRASES : PHRASES
  let written = pick(random, phrases)
  while (written.length < length) written += (random() < 0.2 ? '.\n' : ' ') + pick(random, phrases)
  return written
}

function word(random) {
  return pick(random, WORDS)
}

function pick(random, choices) {
  return choices[Math.floor(random() * choices.length)]
}

function base64(random, length) {
  let written = ''
  while (written.length < length) written += BASE64_PAIRS[Math.floor(random() * 4096)]
  return written.slice(0, length)
}

// mulberry32: small, fast, and the same in every engine.
function randomFrom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
