import type { ImportProgress } from '../importer.js'
import { call } from '../errors.js'

const INTERVAL_MS = 100

/** Reports how far an import is: seldom enough to cost nothing. */
export class Progress {
  #records = 0
  #told = 0
  readonly #begun = performance.now()
  readonly #from: number // where in the source this import began
  readonly #total: () => number | undefined
  readonly #report: ((progress: ImportProgress) => void) | undefined

  constructor(from: number, total: () => number | undefined, report: ((progress: ImportProgress) => void) | undefined) {
    this.#from = from
    this.#total = total
    this.#report = report
  }

  /** So many more records are in the log, through there in the source. */
  add(records: number, bytes: number): void {
    this.#records += records
    if (performance.now() - this.#told >= INTERVAL_MS) this.tell(bytes)
  }

  tell(bytes: number): void {
    if (!this.#report) return
    const now = (this.#told = performance.now())
    const ms = Math.max(now - this.#begun, 1)
    const totalBytes = this.#total()
    const done = bytes - this.#from
    call(this.#report, {
      bytes,
      ...(totalBytes !== undefined && { totalBytes }),
      records: this.#records,
      rate: (this.#records / ms) * 1000,
      eta: totalBytes === bytes ? 0 : totalBytes !== undefined && done > 0 ? ((totalBytes - bytes) / done) * ms : undefined
    })
  }
}
