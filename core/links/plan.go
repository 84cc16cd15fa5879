package links

import (
	"unicode/utf8"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/listing"
	"github.com/flumedb/flumedb-wasm/core/order"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// request is what read and explain are asked for.
type request struct {
	query    *mfr.Query
	index    *index // nil for none: the log is read
	reverse  bool
	unlinked bool // what is not in the index is answered too
	limit    int  // 0 for none
	after    core.Seq
	live     bool // only what the records after that have, as they come
}

func (v *links) request(options json.Value) (*request, error) {
	q := &request{after: core.None}
	var text json.Value
	err := view.ParseOptions(options, func(name string, value json.Value) (err error) {
		switch name {
		case "query":
			text = value
		case "reverse":
			err = listing.Flag(name, value, &q.reverse)
		case "unlinkedValues":
			err = listing.Flag(name, value, &q.unlinked)
		case "limit":
			n, ok := value.Int()
			if !ok {
				return view.Invalid("limit must be a whole number, not %.40s", value)
			}
			q.limit = int(max(n, 0))
		case "after":
			n, ok := value.Int()
			if !ok || n < -1 {
				return view.Invalid("after must be a seq, not %.40s", value)
			}
			q.after, q.live = core.Seq(n), true
		default:
			err = view.Invalid("read has no option %q, but query, limit, reverse and unlinkedValues", name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	rest, sort := lastSort(text)
	for i := range v.indexes {
		if x := &v.indexes[i]; sort != nil && q.index == nil && x.Sorts(sort) {
			q.index, text = x, rest
		}
	}
	if q.query, err = mfr.Parse(text); err != nil {
		return nil, err
	}
	if q.index == nil {
		q.index = v.choose(q.query.Filter)
	}
	return q, nil
}

// lastSort is the $sort that a query ends with, nil for none, and the query
// without it.
func lastSort(query json.Value) (rest, sort json.Value) {
	if query.Kind() != json.Array {
		return query, nil
	}
	var stages []json.Value
	for w := query.Items(); ; {
		stage, more := w.Next()
		if !more {
			break
		}
		stages = append(stages, stage)
	}
	n := len(stages) - 1
	if n < 0 || stages[n].Kind() != json.Object || stages[n].Len() != 1 {
		return query, nil
	}
	if sort = stages[n].Member("$sort"); sort == nil {
		return query, nil
	}
	rest = json.Value{'['}
	for i, stage := range stages[:n] {
		if i > 0 {
			rest = append(rest, ',')
		}
		rest = append(rest, stage...)
	}
	return append(rest, ']'), sort
}

// choose picks the index that serves a filter best, as flumeview-links does: 3
// for a path that has to be one value, 2 for one of a range, 1 for one that
// anything is said of; squared at each further path, so that the first ones
// count most. It ends at the first that the filter says nothing of.
func (v *links) choose(filter json.Value) (chosen *index) {
	best := 0
	for i := range v.indexes {
		x := &v.indexes[i]
		sum := 0
		for _, path := range x.Paths {
			rule := filter
			for _, name := range path {
				rule = rule.Member(name)
			}
			if rule == nil {
				break
			}
			sum *= sum
			switch {
			case mfr.IsExact(rule):
				sum += 3
			case mfr.IsRange(rule):
				sum += 2
			default:
				sum++
			}
		}
		if sum > best {
			best, chosen = sum, x
		}
	}
	return chosen
}

// span is the keys from one up to another, which is not among them.
type span struct{ low, high []byte }

// spans are the parts of an index where links may be for which the terms of a
// query hold, in order. They leave out what the terms certainly do not hold for.
func (x *index) spans(q *mfr.Query) []span {
	const separator, behind = '"', '"' + 1 // behind all keys that go on with a separator
	b := x.head
	for _, path := range x.Paths {
		t := termOf(q, path)
		if t == nil {
			break
		}
		value, exact := t.Equals()
		if exact && value.Kind() != json.Null {
			var err error
			if b, err = order.Add(b[:len(b):len(b)], value, false); err != nil {
				return nil // no link has such a value
			}
			continue
		}
		base := append(b[:len(b):len(b)], separator)
		at := func(more ...byte) []byte { return append(base[:len(base):len(base)], more...) }
		if low, high, ok := t.Range(); ok {
			numbers := span{order.AppendFloat(at(), low), append(order.AppendFloat(at(), high), behind)}
			tag := numbers.low[len(base)]
			// What is no number may hold as well, as JavaScript compares.
			all := []span{{at(), at(tag)}, numbers, {at(tag + 1), at(0xff)}}
			if low > high {
				all = []span{all[0], all[2]}
			}
			return all
		}
		if text, ok := prefixOf(t.Rule); ok {
			prefix, err := order.Add(b[:len(b):len(b)], text, false)
			if err == nil {
				return []span{{prefix, append(prefix[:len(prefix):len(prefix)], 0xff)}}
			}
		}
		break
	}
	return []span{{append(b[:len(b):len(b)], separator), append(b[:len(b):len(b)], behind)}}
}

// termOf is the term that says most of a path.
func termOf(q *mfr.Query, path json.Path) (found *mfr.Term) {
	for i := range q.Terms {
		t := &q.Terms[i]
		if t.Rule == nil || !q.Fields[t.Field].Equal(path) {
			continue
		}
		if _, exact := t.Equals(); exact || found == nil {
			found = t
		}
	}
	return found
}

// prefixOf is the string that a rule has all values begin with.
func prefixOf(rule json.Value) (json.Value, bool) {
	prefix := rule.Member("$prefix")
	text, ok := prefix.Text(nil)
	return prefix, ok && rule.Len() == 1 && len(text) > 0 && utf8.Valid(text)
}
