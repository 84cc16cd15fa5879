// Files, in a page.
module.exports = {}
