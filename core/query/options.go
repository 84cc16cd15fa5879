package query

import (
	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// parse reads the view's options.
func (v *query) parse(options json.Value) error {
	return view.ParseOptions(options, func(name string, value json.Value) error {
		if name != "indexes" {
			return view.Invalid("query has no option %q, but indexes", name)
		}
		return mfr.ParseIndexes(value, &v.indexes)
	})
}

// declare has columns of the paths of the indexes kept from the start.
func (v *query) declare() {
	for _, x := range v.indexes {
		for _, path := range x.Paths {
			if v.find(path) == nil {
				v.declared = append(v.declared, newField(path))
			}
		}
	}
}

// request is what read and explain are asked for.
type request struct {
	text     string // that it was parsed from
	query    *mfr.Query
	indexes  []mfr.Index // those that have been added
	reverse  bool
	withSeqs bool
	limit    int // 0 for none
	from, to core.Seq

	// planned is what the request and the declared indexes, which stay as they
	// are, say of the plan.
	planned struct {
		wants  []json.Path
		chosen bool
		index  *mfr.Index
		scores []score
	}

	// ready is the last plan, of the columns that there were, of so many records.
	ready struct {
		plan    *plan
		columns int
		next    int
	}
}

const everything core.Seq = 1<<53 - 1

// Requests that were parsed are remembered, since most programs ask a few
// questions again and again: each in the place that its text's hash gives it,
// until another takes that. A map would grow by those that are asked once.
const (
	mostParsed  = 512 // a power of two
	longestText = 1 << 10
)

// request is what a text asks for.
func (v *query) request(text json.Value) (*request, error) {
	if len(text) > longestText {
		return parseRequest(text)
	}
	if v.parsed == nil {
		v.parsed = new([mostParsed]*request)
	}
	place := &v.parsed[xxhash.Sum64(text)%mostParsed]
	if q := *place; q != nil && q.text == string(text) {
		return q, nil
	}
	q, err := parseRequest(text)
	if err == nil {
		q.text = string(text)
		*place = q
	}
	return q, err
}

// parseRequest reads the options of read: an object, or only the query.
func parseRequest(v json.Value) (*request, error) {
	q := &request{from: 0, to: everything}
	text := v
	if v.Kind() != json.Array {
		text = nil
		err := view.ParseOptions(v, func(name string, value json.Value) error {
			kind := value.Kind()
			switch name {
			case "query":
				text = value
			case "reverse":
				q.reverse = value.Truthy()
			case "seqs":
				q.withSeqs = value.Truthy()
			case "limit":
				f, ok := value.Float()
				if !ok && kind != json.Null {
					return view.Invalid("limit must be a number, not %s", string(value))
				}
				if f > 0 {
					q.limit = int(min(max(f, 1), 1<<31-1))
				}
			case "gt", "gte", "lt", "lte":
				f, ok := value.Float()
				if kind == json.Null {
					return nil
				}
				if !ok {
					return view.Invalid("%s must be a seq, not %s", name, string(value))
				}
				q.bound(name, f)
			case "indexes":
				return mfr.ParseIndexes(value, &q.indexes)
			case "live", "old", "sync", "since", "signal":
				return view.Invalid("option %q is for whoever reads, not for the view", name)
			default:
				return view.Invalid("read has no option %q, but query, limit, reverse, seqs, gt, gte, lt and lte", name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var err error
	if q.query, err = mfr.Parse(text); err != nil {
		return nil, err
	}
	if q.withSeqs && !q.query.Streams() {
		return nil, view.Invalid("there are no seqs behind $reduce and $sort")
	}
	return q, nil
}

// bound narrows the seqs that are read.
func (q *request) bound(name string, f float64) {
	f = min(max(f, -2), float64(everything))
	seq := core.Seq(f)
	if float64(seq) > f {
		seq-- // down to the whole number
	}
	whole := float64(seq) == f
	switch name {
	case "gt":
		q.from = max(q.from, seq+1)
	case "gte":
		if !whole {
			seq++
		}
		q.from = max(q.from, seq)
	case "lt":
		if whole {
			seq--
		}
		q.to = min(q.to, seq)
	case "lte":
		q.to = min(q.to, seq)
	}
}
