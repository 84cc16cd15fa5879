import { problem } from './problem.js'

/** The most bytes of a body: MaxBody of wasm/edge. */
const MAX_BODY = 4 << 20
/** Of all bodies that are being taken in at once, since an isolate has 128 MB in all. */
const MAX_TAKEN = 24 << 20
/** How many milliseconds a body may take. */
const BODY_TIME = 30_000

let taken = 0

/** A request with its whole body, or what to answer where that is too large, too slow, or one too many. */
export async function readBody(request: Request): Promise<Request | Response> {
  if (!request.body) return request
  if (Number(request.headers.get('content-length')) > MAX_BODY) return tooLarge()
  const pieces: Uint8Array[] = []
  let size = 0
  let late = false
  const reader = request.body.getReader()
  const timer = setTimeout(() => {
    late = true
    void reader.cancel()
  }, BODY_TIME)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (late) return problem(408, 'TIMEOUT', `the body was not there in ${BODY_TIME / 1000} s`)
      if (done) break
      size += value.length
      taken += value.length
      pieces.push(value)
      if (size > MAX_BODY || taken > MAX_TAKEN) {
        void reader.cancel()
        return size > MAX_BODY ? tooLarge() : problem(503, 'BUSY', 'too many bodies of other requests are being taken in', 1)
      }
    }
    return new Request(request, { body: new Blob(pieces as BlobPart[]) })
  } finally {
    clearTimeout(timer)
    taken -= size
  }
}

const tooLarge = () => problem(413, 'TOO_LARGE', `the body has more than ${MAX_BODY} bytes`)
