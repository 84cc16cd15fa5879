import { FlumeError } from '#main'

/** What can end an import from outside: its signal, or that the database closes. */
export class Stop {
  error?: Error
  #listeners = new Set<(err: Error) => void>()

  readonly now = (err: Error): void => {
    if (this.error) return
    this.error = err
    for (const fail of this.#listeners) fail(err)
  }

  listen(signal: AbortSignal | undefined): () => void {
    const abort = () => this.now(new FlumeError('ABORTED', 'the import was aborted by its signal', { cause: signal!.reason }))
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort)
    return () => signal?.removeEventListener('abort', abort)
  }

  /** What the work's promise becomes, unless the stop is sooner. */
  async race<T>(work: () => Promise<T>): Promise<T> {
    this.check()
    let fail: (err: Error) => void
    const stopped = new Promise<never>((_, reject) => this.#listeners.add((fail = reject)))
    try {
      return await Promise.race([work(), stopped])
    } finally {
      this.#listeners.delete(fail!)
    }
  }

  check(): void {
    if (this.error) throw this.error
  }
}
