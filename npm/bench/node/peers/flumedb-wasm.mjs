import Flume, { Log } from 'flumedb-wasm'
import { openLog } from '../../flumedb-wasm-log.mjs'

export default {
  open: (place, { durability }) => openLog({ Flume, log: Log.file(place, { durability }) }),
}
