import Flume, { Log } from '/dist/browser.mjs'
import { openLog } from '../../flumedb-wasm-log.mjs'

export default {
  open: (place, { durability }) => openLog({ Flume, log: Log.indexedDB(place, { durability }) }),
}
