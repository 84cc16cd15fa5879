// What goes to stdout: no faster than it is read there, and no further once nobody reads.

const { stdout } = process
const ended = new AbortController()
let resume: (() => void) | undefined

/** Fires when nothing more can be printed: its reader has left, as `head` does, or there is an `outputError`. */
export const outputEnded: AbortSignal = ended.signal

export let outputError: Error | undefined

stdout.on('error', (err: NodeJS.ErrnoException) => {
  if (err.code !== 'EPIPE') outputError ??= err
  ended.abort()
  resume?.()
})
stdout.on('drain', () => resume?.())

/** Resolves when more may be printed. One at a time. */
export async function print(text: string | Uint8Array): Promise<void> {
  if (ended.signal.aborted || stdout.write(text)) return
  await new Promise<void>(resolve => (resume = resolve))
}

export const printJson = (value: unknown): Promise<void> => print(JSON.stringify(value) + '\n')

/** For people, on stderr. */
export const note = (text: string): void => void process.stderr.write(`flumedb-wasm: ${text}\n`)
