import * as packages from '/jitdb.mjs'
import { viewsOf } from '../../views/jitdb.mjs'

export default viewsOf(packages, (place) => place)
