import { append } from './append.js'
import { cat } from './cat.js'
import { type Command } from './command.js'
import { compact } from './compact.js'
import { del } from './del.js'
import { exportFile } from './export.js'
import { get } from './get.js'
import { importFile } from './import.js'
import { query } from './query.js'
import { rebuild } from './rebuild.js'
import { search } from './search.js'
import { stats } from './stats.js'
import { syncWith } from './sync.js'
import { verify } from './verify.js'
import { views } from './views.js'

/** By their names, in the order of the help. */
export const commands: Record<string, Command> = {
  append,
  cat,
  get,
  stats,
  import: importFile,
  export: exportFile,
  sync: syncWith,
  query,
  search,
  views,
  rebuild,
  del,
  compact,
  verify
}
