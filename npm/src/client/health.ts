import { FlumeError } from '../errors.js'
import { type Health } from '../health.js'
import { type Obv, createObv } from '../obv.js'
import { createEvents, followed } from './events.js'
import { type Requests, toError } from './requests.js'

/** How the log stands with its storage, heard of while somebody listens. */
export function createHealth(requests: Requests): { obv: Obv<Health>; end(): void } {
  const known = createObv<Health>()
  // A worker that was started again tells anew what is as it was.
  const same = (a: Health, b: Health) => a.state === b.state && a.step === b.step && a.freed === b.freed && a.error?.code === b.error?.code
  const hear = (now: Health) => {
    if (!known.value || !same(now, known.value)) known.set(now)
  }
  const { follow, end } = createEvents(
    requests,
    'health',
    data => {
      const { error, ...now } = JSON.parse(data)
      hear(error ? { ...now, error: toError(error) } : now)
    },
    err => hear({ state: 'failed', at: Date.now(), error: err as FlumeError })
  )
  return {
    obv: followed(known, follow),
    end() {
      end()
      known.end()
    }
  }
}
