// Package json reads JSON where it lies: it finds the values at many paths in
// one pass over a text, without building anything and without memory of its
// own, and writes answers. A view that wants three numbers of a record of a
// kilobyte pays for walking over its bytes, and for nothing else.
//
// A Value is a piece of the text. Whoever keeps one keeps the text alive.
//
// The package takes any valid JSON. On anything else it answers ErrSyntax or
// finds less, and never more than is there: what it walks over without need is
// not checked, so a text is not proven valid by being scanned. Where an object
// has a name twice, the first counts.
package json
