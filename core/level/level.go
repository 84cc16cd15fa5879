// Package level is the view that orders records by keys: any number of keys a
// record, of values in it, compared as JSON values are by package order. Of
// equal keys the newest record counts.
//
//	["author","timestamp"]
//	{"keys":[["author","timestamp"],[{"value":"type"},"content.type","timestamp"],{"each":"tags"}],"where":{"private":{"ne":true}}}
//
// docs/views.md has the options.
package level

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/lsm"
	"github.com/flumedb/flumedb-wasm/core/order"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/where"
)

// Kind is how the view is mounted.
var Kind = view.Kind{Name: "level", New: func(options json.Value) (view.View, error) { return parse(options) }}

type level struct {
	*lsm.Tree
	fields []json.Path
	where  *where.Condition
	keys   []key
	mapped bool // a record is an array of keys

	scratch []byte
}

// key is where the values of a key are.
type key struct {
	parts []part
	bare  bool // the key is the only part's value, and no array
}

// part is one item of a key: the value of a field, each element of one, or a
// value that is always the same.
type part struct {
	field int
	each  bool
	fixed json.Value
}

func (v *level) Fields() []json.Path { return v.fields }

func (v *level) Apply(r *view.Record) error {
	return v.emit(r, func(key []byte) { v.Tree.Put(key, r.Seq) })
}

// errKey is a key that a function has made and that cannot be one.
var errKey = errors.New("a key must be of null, booleans, numbers, strings, arrays and objects")

// emit gives put each key of a record.
func (v *level) emit(r *view.Record, put func(key []byte)) error {
	if v.mapped {
		if r.Data.Kind() != json.Array {
			return errors.New("the map must return an array of keys")
		}
		for w := r.Data.Items(); ; {
			item, more := w.Next()
			if !more {
				return nil
			}
			key, err := order.Append(v.scratch[:0], item)
			if err != nil {
				return errKey
			}
			put(key)
			v.scratch = key
		}
	}
	if !v.where.Holds(r) {
		return nil
	}
	for i := range v.keys {
		if err := v.keys[i].emit(v, r, put); err != nil {
			return err
		}
	}
	return nil
}

// emit gives put the key of a record, if all of its values are there; one for
// each element of a part that is each.
func (k *key) emit(v *level, r *view.Record, put func(key []byte)) error {
	each := -1
	for i, p := range k.parts {
		if p.fixed == nil && r.Field(p.field) == nil {
			return nil
		}
		if p.each {
			each = i
		}
	}
	if each < 0 {
		return k.put(v, r, -1, nil, put)
	}
	for w := r.Field(k.parts[each].field).Items(); ; {
		item, more := w.Next()
		if !more {
			return nil
		}
		if err := k.put(v, r, each, item, put); err != nil {
			return err
		}
	}
}

func (k *key) put(v *level, r *view.Record, each int, item json.Value, put func(key []byte)) (err error) {
	b := v.scratch[:0]
	if !k.bare {
		b = order.Begin(b)
	}
	for i, p := range k.parts {
		value := p.fixed
		switch {
		case i == each:
			value = item
		case value == nil:
			value = r.Field(p.field)
		}
		if k.bare {
			b, err = order.Append(b, value)
		} else {
			b, err = order.Add(b, value, i == 0)
		}
		if err != nil {
			return fmt.Errorf("a key cannot be made of %.40s: %w", value, err)
		}
	}
	if !k.bare {
		b = order.End(b)
	}
	v.scratch = b
	put(b)
	return nil
}

func (v *level) Save(b []byte) []byte { return v.Tree.Save(b) }

func (v *level) Load(b []byte) error {
	rest, err := v.Tree.Load(b)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes follow the index")
	}
	return err
}

func (v *level) Call(c *view.Call) error {
	switch c.Method {
	case "get":
		return v.get(c)
	case "read":
		return v.read(c)
	}
	return view.Invalid("level has no method %q", c.Method)
}

// get answers the record of a key, and its seq.
func (v *level) get(c *view.Call) error {
	key, err := order.Append(nil, c.Arg(0))
	if err != nil {
		return view.Invalid("%.40s cannot be a key", c.Arg(0))
	}
	seq, err := v.Tree.Get(c, key)
	if err != nil {
		return err
	}
	if seq == core.None {
		return fmt.Errorf("key %.100s: %w", c.Arg(0), core.ErrNotFound)
	}
	if values, given := c.Arg(1), len(c.Arg(1)) > 0; given && values.Kind() == json.False {
		c.Out = fmt.Appendf(c.Out, `{"seq":%d}`, int64(seq))
		return nil
	}
	record, ok := c.Record(seq)
	if !ok {
		return view.ErrAwait
	}
	if record == nil {
		return fmt.Errorf("key %.100s, seq %d: %w", c.Arg(0), int64(seq), core.ErrDeleted)
	}
	c.Out = append(fmt.Appendf(c.Out, `{"seq":%d,"value":`, int64(seq)), record...)
	c.Out = append(c.Out, '}')
	return nil
}

const (
	// pageItems and pageBytes bound a page.
	pageItems = 1000
	pageBytes = 256 << 10
)

// page is a page being made, over the rounds of its call.
type page struct {
	query
	cursor []byte // the last key, nil before the first
	live   core.Seq
	keys   []byte
	ends   []int
	seqs   []core.Seq
	more   bool // there may be more keys

	collected bool
}

// query is what is asked for.
type query struct {
	low, high               []byte // the bounds, of which high is not in the range
	reverse                 bool
	limit                   int
	withKey, withSeq, value bool
}

// read answers a page: {"items":[…],"next":…}. The first argument is the
// options, the second what next was in the page before. next is null behind the
// last key, or with live {"live":seq}: the page after that is of the records
// behind seq, in their order.
func (v *level) read(c *view.Call) (err error) {
	p, ok := c.State.(*page)
	if !ok {
		if p, err = newPage(c.Arg(0), c.Arg(1)); err != nil {
			return err
		}
		c.State = p
	}
	if c.Arg(1).Member("live") != nil {
		return v.readLive(c, p)
	}
	if err := v.collect(c, p); err != nil {
		return err
	}
	if err := p.write(c); err != nil {
		return err
	}
	c.Out = append(c.Out, `],"next":`...)
	if !p.more {
		c.Out = append(c.Out, "null}"...)
		return nil
	}
	c.Out = append(c.Out, '"')
	c.Out = append(hex.AppendEncode(c.Out, p.cursor), '"', '}')
	return nil
}

func newPage(options, cursor json.Value) (*page, error) {
	p := &page{query: query{withKey: true, withSeq: true, value: true, limit: -1}}
	err := view.ParseOptions(options, p.option)
	if err != nil {
		return nil, err
	}
	switch cursor.Kind() {
	case json.String:
		text, _ := cursor.Text(nil)
		key, err := hex.DecodeString(string(text))
		if err != nil || len(key) == 0 {
			return nil, view.Invalid("no cursor of a page: %.40s", cursor)
		}
		p.cursor = key
	case json.Object:
		seq, ok := cursor.Member("live").Int()
		if !ok {
			return nil, view.Invalid("no cursor of a page: %.40s", cursor)
		}
		p.live = core.Seq(seq)
	case json.Absent, json.Null:
	default:
		return nil, view.Invalid("no cursor of a page: %.40s", cursor)
	}
	return p, nil
}

func (q *query) option(name string, value json.Value) error {
	flag := func(to *bool) error {
		switch value.Kind() {
		case json.True, json.False:
			*to = value.Kind() == json.True
			return nil
		}
		return view.Invalid("%s must be true or false, not %.40s", name, value)
	}
	switch name {
	case "gt", "gte", "lt", "lte":
		key, err := order.Append(nil, value)
		if err != nil {
			return view.Invalid("%s cannot be %.40s", name, value)
		}
		if name == "gt" || name == "lte" {
			key = append(key, 0) // the next key there could be
		}
		if name[0] == 'g' {
			q.low = key
		} else {
			q.high = key
		}
		return nil
	case "limit":
		n, ok := value.Int()
		if !ok {
			return view.Invalid("limit must be a whole number, not %.40s", value)
		}
		q.limit = int(n)
		return nil
	case "reverse":
		return flag(&q.reverse)
	case "keys":
		return flag(&q.withKey)
	case "seqs":
		return flag(&q.withSeq)
	case "values":
		return flag(&q.value)
	}
	return view.Invalid("read has no option %q, but gt, gte, lt, lte, reverse, limit, live, old, sync, keys, values and seqs", name)
}

// collect finds the keys of the page, going on where the last round of the call
// had to stop.
func (v *level) collect(c *view.Call, p *page) error {
	if p.collected {
		return nil
	}
	most := pageItems
	if p.limit >= 0 && p.limit < most {
		most = p.limit
	}
	low, high := p.low, p.high
	if p.cursor != nil && p.reverse {
		high = p.cursor
	} else if p.cursor != nil {
		low = append(append([]byte{}, p.cursor...), 0)
	}
	it := v.Tree.Iterate(c, low, high, p.reverse)
	begin := len(p.keys)
	var err error
	for len(p.seqs) < most && len(p.keys) < pageBytes {
		key, seq, e := it.Next()
		if err = e; err != nil || key == nil {
			most = 0 // no more
			break
		}
		begin = len(p.keys)
		p.keys = append(p.keys, key...)
		p.ends = append(p.ends, len(p.keys))
		p.seqs = append(p.seqs, seq)
	}
	if len(p.keys) > begin {
		p.cursor = append([]byte{}, p.keys[begin:]...)
	}
	p.collected = err == nil
	p.more = most > 0 && (p.limit < 0 || len(p.seqs) < p.limit)
	return err
}

// write puts the items of the page out.
func (p *page) write(c *view.Call) error {
	c.Out = append(c.Out, `{"items":[`...)
	waiting := false
	first := true
	for i, seq := range p.seqs {
		var record []byte
		if p.value || !p.withKey && !p.withSeq {
			var ok bool
			if record, ok = c.Record(seq); !ok {
				waiting = true
			}
			if record == nil {
				continue // is awaited, or deleted
			}
		}
		if waiting {
			continue
		}
		start := 0
		if i > 0 {
			start = p.ends[i-1]
		}
		if !first {
			c.Out = append(c.Out, ',')
		}
		first = false
		var err error
		if c.Out, err = p.appendItem(c.Out, p.keys[start:p.ends[i]], seq, record); err != nil {
			return err
		}
	}
	if waiting {
		return view.ErrAwait
	}
	return nil
}

// appendItem writes one item: of keys, seqs and values what was asked for, and
// what is alone without an object around it.
func (p *page) appendItem(b, key []byte, seq core.Seq, record []byte) ([]byte, error) {
	count := 0
	for _, with := range []bool{p.withKey, p.withSeq, p.value} {
		if with {
			count++
		}
	}
	var err error
	switch {
	case count == 1 && p.withKey:
		return order.AppendJSON(b, key)
	case count == 1 && p.withSeq:
		return json.AppendFloat(b, float64(seq)), nil
	case count <= 1:
		return append(b, record...), nil
	}
	open := byte('{')
	if p.withKey {
		b = append(b, open)
		b = append(b, `"key":`...)
		if b, err = order.AppendJSON(b, key); err != nil {
			return b, err
		}
		open = ','
	}
	if p.withSeq {
		b = append(b, open)
		b = json.AppendFloat(append(b, `"seq":`...), float64(seq))
		open = ','
	}
	if p.value {
		b = append(b, open)
		b = append(append(b, `"value":`...), record...)
	}
	return append(b, '}'), nil
}

// readLive answers what the records behind a seq have added.
func (v *level) readLive(c *view.Call, p *page) error {
	through := c.Since()
	if p.live < through && p.seqs == nil {
		last, err := c.Replay(p.live+1, through, func(r *view.Record) error {
			return v.emit(r, func(key []byte) {
				if p.low != nil && string(key) < string(p.low) || p.high != nil && string(key) >= string(p.high) {
					return
				}
				p.keys = append(p.keys, key...)
				p.ends = append(p.ends, len(p.keys))
				p.seqs = append(p.seqs, r.Seq)
			})
		})
		if err != nil {
			return err
		}
		p.live = last
	}
	if err := p.write(c); err != nil {
		return err
	}
	c.Out = fmt.Appendf(c.Out, `],"next":{"live":%d}}`, int64(p.live))
	return nil
}
