// What SQLite is asked, in Node and in Chromium alike. The log is a table of JSON texts; an index of what is in them is
// one on an expression, which SQLite builds by itself and keeps current.

export const CREATE_LOG = 'CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, value TEXT NOT NULL)'
export const INSERT = 'INSERT INTO log (value) VALUES (?)'

const AUTHOR = "json_extract(value, '$.author')"
const TYPE = "json_extract(value, '$.content.type')"
const SEQUENCE = "json_extract(value, '$.sequence')"

export const CREATE_INDEXES = `CREATE INDEX author ON log (${AUTHOR}); CREATE INDEX type ON log (${TYPE})`
export const DROP_INDEXES = 'DROP INDEX author; DROP INDEX type'

export const NEWEST = `SELECT value FROM log WHERE ${AUTHOR} = ? ORDER BY seq DESC LIMIT ?`
export const COUNTS = `SELECT ${TYPE} AS type, count(*) AS count FROM log GROUP BY ${TYPE}`
export const COUNT_OF = `SELECT count(*) AS count FROM log WHERE ${TYPE} = ?`
export const TOTALS = `SELECT ${TYPE} AS type, count(*) AS count, sum(${SEQUENCE}) AS sum FROM log GROUP BY 1`
