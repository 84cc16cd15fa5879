import { FlumeError } from '../errors.js'
import { type Ask, aborted, post } from './requests.js'

/** Values of one call, as JSON. */
interface Waiting {
  text: string
  count: number
  resolve(seq: number): void
  reject(err: unknown): void
}

/** About how many characters one request has at most, unless a single call has more. */
const MOST = 1 << 20

/** Appends `values`, all or none, and answers the newest one's seq. */
export type Append = (values: readonly unknown[], signal?: AbortSignal) => Promise<number>

/**
 * Appends in the order of the calls: what is appended while a request is under way is one more request, which is made when
 * that is answered. Each has an `Idempotency-Key` of its own, under which it is made until it is answered.
 */
export function createAppend(ask: Ask, moved: (since: number) => void): Append {
  let waiting: Waiting[] = []
  let working = false

  const send = async (calls: Waiting[]): Promise<void> => {
    const init = post(`[${calls.map(({ text }) => text).join()}]`, { 'Idempotency-Key': crypto.randomUUID() })
    try {
      const { first, seq } = await ask('records', { init, read: response => response.json() })
      moved(seq)
      let next = first
      for (const { count, resolve } of calls) resolve((next += count) - 1)
    } catch (err) {
      // One of them is what JSON.stringify makes and the log does not take: the others do not fail with it.
      if (calls.length > 1 && (err as FlumeError).code === 'INVALID_RECORD') for (const call of calls) await send([call])
      else for (const { reject } of calls) reject(err)
    }
  }
  const work = async () => {
    working = true
    while (waiting.length) {
      let n = 1
      for (let size = waiting[0]!.text.length; n < waiting.length && (size += waiting[n]!.text.length) <= MOST; ) n++
      await send(waiting.splice(0, n))
    }
    working = false
  }

  return (values, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(aborted(signal))
      const call: Waiting = { text: values.map(encode).join(), count: values.length, resolve, reject }
      if (signal) {
        const abort = () => {
          waiting = waiting.filter(other => other !== call)
          reject(aborted(signal))
        }
        signal.addEventListener('abort', abort)
        const over = () => signal.removeEventListener('abort', abort)
        call.resolve = seq => resolve((over(), seq))
        call.reject = err => reject((over(), err))
      }
      waiting.push(call)
      if (!working) void work()
    })
}

/** A value as JSON, or `INVALID_RECORD`. */
function encode(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new FlumeError('INVALID_RECORD', `JSON cannot hold this value: ${(cause as Error).message}`, { cause })
  }
  if (text === undefined) throw new FlumeError('INVALID_RECORD', `JSON cannot hold ${typeof value}`)
  return text
}
