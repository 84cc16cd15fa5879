// Package mfr is the query language of npm map-filter-reduce: an array of
// stages, through which values go one after the other.
//
//	[{"$filter":{"type":"post","n":{"$gt":3}}},
//	 {"$reduce":{"author":"author","posts":{"$count":true}}}]
//
// A Query is parsed once, and Run any number of times. What it reads of a
// record are its Fields, which whoever runs it finds: in the record's bytes
// with a Reader, or in an index. The filters that a query begins with are its
// Terms, so that an index can answer them.
//
// Values are JSON texts, nil where JavaScript has undefined. Where this package
// differs from the one of npm, docs/views-query.md says so.
package mfr
