import * as flumedb from 'flumedb-wasm'
import { viewsOf } from '../../views/flumedb-wasm.mjs'

export default viewsOf(flumedb, (place) => flumedb.Log.file(place))
