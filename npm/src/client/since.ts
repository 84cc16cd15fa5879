import { type Obv, createObv } from '../obv.js'
import { createEvents, followed } from './events.js'
import { type Requests } from './requests.js'

export interface Since {
  /** The newest seq that has been heard of. */
  known: Obv<number>
  /** The same; while somebody listens, it is told of what others append. */
  obv: Obv<number>
  moved(seq: number): void
  /** Asks for the newest seq. */
  ask(signal?: AbortSignal): Promise<number>
  /** Hears of what others append until the function returned is called. */
  follow(): () => void
  end(): void
}

export function createSince(requests: Requests): Since {
  const known = createObv<number>()
  const moved = (seq: number) => {
    if (seq > (known.value ?? -2)) known.set(seq)
  }
  const { follow, end } = createEvents(requests, 'since', data => moved(Number(data)))
  return {
    known,
    obv: followed(known, follow),
    moved,
    follow,
    async ask(signal) {
      const { since } = await requests.ask('since', { signal, read: response => response.json() as Promise<{ since: number }> })
      moved(since)
      return since
    },
    end() {
      end()
      known.end()
    }
  }
}
