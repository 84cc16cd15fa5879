// flumedb-wasm/import: a module that makes db.import work where it is not loaded by itself.

import { provideImporter } from '#main'
import { importInto } from './import.js'

provideImporter(importInto)

export type { ImportFormat, ImportOptions, ImportProgress, ImportResult, ImportSource } from '../importer.js'
