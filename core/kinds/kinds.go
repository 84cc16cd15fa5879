// Package kinds lists the views that are shipped.
package kinds

import (
	"github.com/flumedb/flumedb-wasm/core/bloom"
	"github.com/flumedb/flumedb-wasm/core/hashtable"
	"github.com/flumedb/flumedb-wasm/core/level"
	"github.com/flumedb/flumedb-wasm/core/links"
	"github.com/flumedb/flumedb-wasm/core/query"
	"github.com/flumedb/flumedb-wasm/core/reduce"
	"github.com/flumedb/flumedb-wasm/core/search"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// All are the views that come with the modules.
var All = []view.Kind{
	reduce.Kind,
	level.Kind,
	links.Kind,
	hashtable.Kind,
	bloom.Kind,
	search.Kind,
	query.Kind,
}
