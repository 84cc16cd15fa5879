import { append } from './append.js'
import { cat } from './cat.js'
import { type Command } from './command.js'
import { compact } from './compact.js'
import { del } from './del.js'
import { exportFile } from './export.js'
import { get } from './get.js'
import { importFile } from './import.js'
import { stats } from './stats.js'
import { verify } from './verify.js'

/** By their names, in the order of the help. */
export const commands: Record<string, Command> = {
  append,
  cat,
  get,
  stats,
  import: importFile,
  export: exportFile,
  del,
  compact,
  verify
}
