// Package listing answers, by the page, which records a view has found: oldest
// or newest first, with those to come, as many as are wanted. It reads the
// records, so that a view may list what only seems to fit, and have it looked
// at.
//
// A page is
//
//	{"items":[{"seq":3,"value":…},…],"next":{…},"wait":true}
//
// Without next there is nothing more. next is to be given back, as the second
// argument, to get the next page; with wait, that is of use only after the view
// has moved. A page may be empty and have a next.
package listing

import (
	"iter"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Options are what part to list, and in what shape.
type Options struct {
	Limit    int  // at most so many; 0 for all
	Reverse  bool // newest first
	Live     bool // go on with records to come
	NoOld    bool // only those to come
	NoValues bool // bare seqs
}

// Take takes an option; false where it is none of a listing's.
func (o *Options) Take(name string, v json.Value) (known bool, err error) {
	switch name {
	case "limit":
		n, ok := v.Int()
		if !ok {
			return true, view.Invalid("limit must be a whole number, not %s", v)
		}
		o.Limit = int(max(n, 0))
		return true, nil
	case "reverse":
		return true, Flag(name, v, &o.Reverse)
	case "live":
		return true, Flag(name, v, &o.Live)
	case "old":
		old := true
		err := Flag(name, v, &old)
		o.NoOld = !old
		o.Live = o.Live || o.NoOld
		return true, err
	case "values":
		values := true
		err := Flag(name, v, &values)
		o.NoValues = !values
		return true, err
	}
	return false, nil
}

// Flag takes an option that is true or false.
func Flag(name string, v json.Value, to *bool) error {
	switch v.Kind() {
	case json.True, json.False:
		*to = v.Kind() == json.True
		return nil
	}
	return view.Invalid("%s must be true or false, not %s", name, v)
}

// Found is what a view has found.
type Found struct {
	// Seqs are the seqs of what may fit, from one through another, in the order
	// that is asked for.
	Seqs func(from, through core.Seq, reverse bool) iter.Seq[core.Seq]

	// Fits looks at a record as the view has seen it. Nil where all fit.
	Fits func(seen json.Value) bool

	// More adds members to an item. Nil where there are none.
	More func(b []byte, seen json.Value) []byte
}

// How much is on a page.
const (
	pageItems   = 1000
	pageRecords = 100 // that have to be looked at
	pageBytes   = 128 << 10
)

// cursor is where a listing goes on.
type cursor struct {
	left    int // of the limit, 0 for no limit
	down    bool
	at      core.Seq // the next one
	through core.Seq // how far the old ones go; of a live listing, where what is to come begins
}

// Answer answers a call with a page. The page that it begins with is the one
// of the call's second argument.
func Answer(c *view.Call, o Options, f Found) error {
	cur := cursor{left: o.Limit, down: o.Reverse, through: c.Since()}
	switch {
	case o.NoOld:
		cur.down, cur.at = false, c.Since()+1
	case o.Reverse:
		cur.at = c.Since()
	}
	if err := cur.parse(c.Arg(1)); err != nil {
		return err
	}
	p := page{c: c, o: o, f: f, cur: &cur}
	return p.answer()
}

type page struct {
	c       *view.Call
	o       Options
	f       Found
	cur     *cursor
	items   int
	looked  int
	missing bool
}

func (p *page) answer() error {
	c, cur := p.c, p.cur
	c.Out = append(c.Out, `{"items":[`...)
	full := false
	switch {
	case c.Since() < max(cur.through, cur.at-1):
		full = true // the view is being built again, and has yet to come to where it was
	case cur.down:
		full = p.list(0, cur.at)
		if !full && p.o.Live {
			*cur = cursor{left: cur.left, at: cur.through + 1}
		}
	case p.o.Live:
		if full = p.list(cur.at, c.Since()); !full {
			cur.at = max(cur.at, c.Since()+1)
		}
	default:
		full = p.list(cur.at, cur.through)
	}
	if p.missing {
		return view.ErrAwait
	}
	c.Out = append(c.Out, ']')
	over := p.o.Limit > 0 && cur.left == 0
	if !over && (full || p.o.Live) {
		c.Out = cur.append(append(c.Out, `,"next":`...))
		if c.Since() < max(cur.through, cur.at) {
			c.Out = append(c.Out, `,"wait":true`...)
		}
	}
	c.Out = append(c.Out, '}')
	return nil
}

// list puts out what there is between two seqs, and reports whether the page is
// full before that is done. What has to be awaited is asked for up to there.
func (p *page) list(from, through core.Seq) (full bool) {
	if from > through {
		return false
	}
	for seq := range p.f.Seqs(from, through, p.cur.down) {
		if p.items == pageItems || p.looked == pageRecords || len(p.c.Out) > pageBytes || p.o.Limit > 0 && p.cur.left == 0 {
			return true
		}
		p.take(seq)
		p.cur.at = seq + 1
		if p.cur.down {
			p.cur.at = seq - 1
		}
	}
	return false
}

func (p *page) take(seq core.Seq) {
	var seen json.Value
	if p.f.Fits != nil || p.f.More != nil || !p.o.NoValues {
		p.looked++
		var ok bool
		if seen, ok = p.c.Seen(seq); !ok {
			p.missing = true
			return
		}
		if seen == nil || p.f.Fits != nil && !p.f.Fits(seen) {
			return // it has been deleted, or is another one
		}
	}
	if p.items > 0 {
		p.c.Out = append(p.c.Out, ',')
	}
	p.items++
	p.cur.left--
	p.c.Out = AppendItem(p.c.Out, seq, seen, !p.o.NoValues)
	if p.f.More != nil {
		p.c.Out = p.f.More(p.c.Out, seen)
	}
	p.c.Out = append(p.c.Out, '}')
}

// AppendItem writes a record as it stands in a page, up to its last brace.
func AppendItem(b []byte, seq core.Seq, seen json.Value, values bool) []byte {
	b = strconv.AppendInt(append(b, `{"seq":`...), int64(seq), 10)
	if values {
		b = append(append(b, `,"value":`...), seen...)
	}
	return b
}

// A cursor is written as [left, down, at, through].
func (cur *cursor) append(b []byte) []byte {
	down := 0
	if cur.down {
		down = 1
	}
	for i, n := range []int{max(cur.left, 0), down, int(cur.at), int(cur.through)} {
		b = strconv.AppendInt(append(b, "[,"[min(i, 1)]), int64(n), 10)
	}
	return append(b, ']')
}

func (cur *cursor) parse(v json.Value) error {
	if kind := v.Kind(); kind == json.Absent || kind == json.Null {
		return nil
	}
	var n [4]int64
	items := v.Items()
	for i := range n {
		item, _ := items.Next()
		var ok bool
		if n[i], ok = item.Int(); !ok {
			return view.Invalid("a page goes on with the next of the page before, not with %s", v)
		}
	}
	*cur = cursor{int(n[0]), n[1] != 0, core.Seq(n[2]), core.Seq(n[3])}
	return nil
}
