// The Worker for tests, built and on a real workerd, whose data is deleted behind it.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import workerd from 'workerd' // miniflare's
import { startEdge } from '../../edge/local.mjs'
import { token } from './flumed.mjs'

/** Skips a test, aloud, where there is no workerd for the machine. The gate's machine has one, so there that is a failure. */
export const unlessWorkerd = (() => {
  try {
    execFileSync(workerd.default, ['--version'], { stdio: 'pipe' })
    return {}
  } catch (error) {
    if (process.env.CI) throw new Error('workerd does not run here, and CI is set', { cause: error })
    return { skip: `workerd does not run here: ${error.message}` }
  }
})()

/** A main for openEdge: objects that can be told to abort, as eviction and uncaught errors do. The next request makes another, of what is stored. */
export const abortable = `
  import worker, { FlumeLog as Log } from './index.mjs'
  export class FlumeLog extends Log {
    fetch (request) {
      if (new URL(request.url).pathname === '/abort') this.ctx.abort('told to')
      return super.fetch(request)
    }
  }
  export default worker
`

let built = false

/** Takes the options of startEdge. */
export async function openEdge (options = {}) {
  if (!built) execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/build-edge.mjs', import.meta.url))], { stdio: ['ignore', 2, 2] })
  built = true
  const persist = options.persist ?? mkdtempSync(join(tmpdir(), 'flumedb-edge-'))
  const edge = await startEdge({ token, persist, ...options })
  return {
    ...edge,
    async close () {
      await edge.close()
      if (!options.persist) rmSync(persist, { recursive: true, force: true })
    }
  }
}
