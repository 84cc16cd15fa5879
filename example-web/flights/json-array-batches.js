// Reads the elements of a JSON array in batches while the array is still downloading, so that the first records are in
// the log before the last ones have arrived, and so that no single long JSON.parse holds up the page.

export async function * jsonArrayBatches (body, { skip = 0, size }) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const splitter = new ElementSplitter()
  let elements = []
  let toSkip = skip

  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      for (const element of splitter.push(decoder.decode(value, { stream: true }))) {
        if (toSkip > 0) {
          toSkip--
          continue
        }
        elements.push(element)
        if (elements.length === size) {
          yield parseAll(elements)
          elements = []
        }
      }
    }
    if (!splitter.isComplete) throw new Error('The data ended in the middle of the array.')
    if (elements.length > 0) yield parseAll(elements)
  } finally {
    // Also when the consumer stops early: nobody wants the rest of the download then.
    reader.cancel().catch(() => {})
  }
}

function parseAll (elements) {
  return JSON.parse(`[${elements.join(',')}]`)
}

// Cuts the text of one JSON array into the texts of its elements, one at a time: a large piece of a download is cut
// batch by batch as the batches are taken. It only follows brackets, strings and commas; whether an element is valid
// JSON is for JSON.parse to say.
class ElementSplitter {
  #depth = 0
  #inString = false
  #escaped = false
  #begun = ''     // of an element whose end has not arrived yet
  #isComplete = false

  get isComplete () {
    return this.#isComplete
  }

  * push (text) {
    let start = 0
    for (let at = 0; at < text.length; at++) {
      const char = text[at]
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (char === '\\') this.#escaped = true
        else if (char === '"') this.#inString = false
      } else if (char === '"') {
        this.#inString = true
      } else if (char === '[' || char === '{') {
        if (this.#depth++ === 0) start = at + 1
      } else if (char === ']' || char === '}' || char === ',') {
        if (char !== ',') this.#depth--
        this.#isComplete = this.#depth === 0
        const isEnd = this.#isComplete || (char === ',' && this.#depth === 1)
        if (!isEnd) continue
        const element = this.#begun + text.slice(start, at)
        this.#begun = ''
        start = at + 1
        if (element.trim() !== '') yield element
      }
    }
    if (!this.#isComplete) this.#begun += text.slice(start)
  }
}
