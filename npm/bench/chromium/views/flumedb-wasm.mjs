import * as flumedb from '/dist/browser.mjs'
import { viewsOf } from '../../views/flumedb-wasm.mjs'

export default viewsOf(flumedb, (place) => flumedb.Log.indexedDB(place))
