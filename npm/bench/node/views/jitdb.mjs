import { createRequire } from 'node:module'
import { mkdir } from 'node:fs/promises'
import { viewsOf } from '../../views/jitdb.mjs'

const require = createRequire(import.meta.url)
const packages = {
  AsyncLog: require('async-append-only-log'),
  JITDB: require('jitdb'),
  bipf: require('bipf'),
  operators: require('jitdb/operators'),
}

export default viewsOf(packages, async (place) => {
  await mkdir(place, { recursive: true })
  return place
})
