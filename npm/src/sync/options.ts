import { FlumeError } from '#main'
import { type SyncOptions } from '../syncer.js'

const KNOWN = ['token', 'headers', 'live', 'retry', 'background', 'onProgress', 'signal', 'fetch']

export function checkOptions(options: SyncOptions): void {
  const invalid = (message: string) => new FlumeError('INVALID_OPTION', `sync: ${message}`)
  for (const option of Object.keys(options)) if (!KNOWN.includes(option)) throw invalid(`there is no option "${option}", known are ${KNOWN.join(', ')}`)
  const { token, live, retry, background } = options
  if (token !== undefined && typeof token !== 'string') throw invalid('token must be a string')
  if (live !== undefined && typeof live !== 'boolean') throw invalid('live must be true or false')
  if (retry !== undefined && !(retry >= 0)) throw invalid('retry must be a number of milliseconds')
  if (background !== undefined && (typeof background !== 'string' || !background)) throw invalid('background must be the tag of a sync event')
}

/** Where messages go: `sync` under the address of the database. */
export function endpoint(url: string | URL): URL {
  let base
  try {
    base = new URL(url, globalThis.location?.href)
  } catch (cause) {
    throw new FlumeError('INVALID_OPTION', `sync: ${String(url)} is no URL`, { cause })
  }
  if (!/^https?:$/.test(base.protocol)) throw new FlumeError('INVALID_OPTION', `sync: the URL of a log begins with http: or https:, not ${base.protocol}`)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return new URL('sync', base)
}
