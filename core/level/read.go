package level

import (
	"bytes"
	"context"
	"encoding/hex"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/listing"
	"github.com/flumedb/flumedb-wasm/core/order"
	"github.com/flumedb/flumedb-wasm/core/view"
)

const (
	// pageItems and pageBytes bound a page.
	pageItems = 1000
	pageBytes = 128 << 10
)

// query is what is asked for.
type query struct {
	low, high              []byte // the bounds, of which high is not in the range
	reverse, live, skipOld bool
	sync                   bool // tell where the old ends and the new begins
	limit                  int  // 0 for none
	keys, seqs, values     bool
}

// page is a page being made, over the rounds of its call.
type page struct {
	query
	at    cursor
	items items
	found bool // what the page is of
	more  bool // there may be more of it
	then  cursor
	wait  bool

	bounds []byte // the memory of low and high
	last   []byte // that of at.key
}

// cursor is where a page begins.
type cursor struct {
	key  []byte   // behind this key, nil for the first page
	seq  core.Seq // what was old when the first page was asked for
	live bool     // what came behind seq, in its order
	left int      // of the limit
}

// items are keys and their seqs.
type items struct {
	keys []byte
	ends []int
	seqs []core.Seq
}

func (l *items) add(key []byte, seq core.Seq) {
	l.keys = append(l.keys, key...)
	l.ends = append(l.ends, len(l.keys))
	l.seqs = append(l.seqs, seq)
}

func (l *items) key(i int) []byte {
	start := 0
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.keys[start:l.ends[i]]
}

// read answers a page as package listing describes, of keys. The first argument
// is the options, the second the cursor.
func (v *level) read(c *view.Call) (err error) {
	p, ok := c.State.(*page)
	if !ok {
		if p, err = v.newPage(c); err != nil {
			return err
		}
		c.State = p
	}
	if !p.found && p.at.live {
		err = v.collectLive(c, p)
	} else if !p.found {
		err = v.collect(c, p)
	}
	if err != nil {
		return err
	}
	if err := p.write(c); err != nil {
		return err
	}
	c.State = nil
	if cap(p.items.keys) <= pageBytes {
		v.spare = p
	}
	return nil
}

// newPage begins a page, in the memory of one that has been answered.
func (v *level) newPage(c *view.Call) (*page, error) {
	p := v.spare
	if v.spare = nil; p == nil {
		p = &page{}
	}
	*p = page{
		query:  query{sync: true, keys: true, seqs: true, values: true},
		items:  items{p.items.keys[:0], p.items.ends[:0], p.items.seqs[:0]},
		bounds: p.bounds[:0],
		last:   p.last[:0],
	}
	args := c.Args.Items()
	options, _ := args.Next()
	next, _ := args.Next()
	if err := view.ParseOptions(options, p.option); err != nil {
		return nil, err
	}
	p.at = cursor{seq: c.Since(), left: p.limit, live: p.skipOld}
	if !p.at.parse(next) {
		return nil, view.Invalid("no cursor of a page: %.60s", next)
	}
	return p, nil
}

// parse takes a cursor, as append writes it.
func (at *cursor) parse(v json.Value) bool {
	if v.Kind() == json.Absent || v.Kind() == json.Null {
		return true
	}
	seq, ok := v.Member("seq").Int()
	left, fine := v.Member("left").Int()
	if !ok || !fine || seq < -1 || left < 0 {
		return false
	}
	*at = cursor{seq: core.Seq(seq), left: int(left), live: v.Member("live").Kind() == json.True}
	if text, ok := v.Member("key").Text(nil); ok {
		var err error
		if at.key, err = hex.DecodeString(string(text)); err != nil || len(at.key) == 0 {
			return false
		}
	}
	return at.live || at.key != nil
}

func (at *cursor) append(b []byte) []byte {
	b = json.AppendFloat(append(b, `{"seq":`...), float64(at.seq))
	b = json.AppendFloat(append(b, `,"left":`...), float64(at.left))
	if at.live {
		return append(b, `,"live":true}`...)
	}
	return append(hex.AppendEncode(append(b, `,"key":"`...), at.key), '"', '}')
}

func (p *page) option(name string, value json.Value) error {
	q := &p.query
	switch name {
	case "gt", "gte", "lt", "lte":
		begin := len(p.bounds)
		bounds, err := order.Append(p.bounds, value)
		if err != nil {
			return view.Invalid("%s cannot be %.40s", name, value)
		}
		if name == "gt" || name == "lte" {
			bounds = append(bounds, 0) // the next key there could be
		}
		p.bounds = bounds
		key := bounds[begin:len(bounds):len(bounds)]
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
		q.limit = int(max(n, 0))
		return nil
	case "old":
		old := true
		err := listing.Flag(name, value, &old)
		q.skipOld = !old
		q.live = q.live || q.skipOld
		return err
	case "reverse":
		return listing.Flag(name, value, &q.reverse)
	case "live":
		return listing.Flag(name, value, &q.live)
	case "sync":
		return listing.Flag(name, value, &q.sync)
	case "keys":
		return listing.Flag(name, value, &q.keys)
	case "seqs":
		return listing.Flag(name, value, &q.seqs)
	case "values":
		return listing.Flag(name, value, &q.values)
	}
	return view.Invalid("read has no option %q, but gt, gte, lt, lte, reverse, limit, live, old, sync, keys, values and seqs", name)
}

// most is how many items a page may have.
func (p *page) most() int {
	if p.limit > 0 {
		return min(p.at.left, pageItems)
	}
	return pageItems
}

// collect finds keys that are there, going on where the last round of the call
// had to stop.
func (v *level) collect(c *view.Call, p *page) error {
	low, high := p.low, p.high
	if p.at.key != nil && p.reverse {
		high = p.at.key
	} else if p.at.key != nil {
		low = append(append([]byte{}, p.at.key...), 0)
	}
	it := v.Tree.Iterate(c, low, high, p.reverse)
	defer it.Close()
	most := p.most()
	if cap(p.items.seqs) == 0 {
		n := min(most, 128)
		p.items = items{make([]byte, 0, 64*n), make([]int, 0, n), make([]core.Seq, 0, n)}
	}
	full := func() bool { return len(p.items.seqs) >= most || len(p.items.keys) >= pageBytes }
	end := false
	var err error
	for !full() && !end && err == nil {
		var key []byte
		var seq core.Seq
		key, seq, err = it.Next()
		switch {
		case err != nil:
		case key == nil:
			end = true
		case p.live && seq > p.at.seq:
			// It will come with the new ones.
			p.at.key = append(p.at.key[:0], key...)
		default:
			p.items.add(key, seq)
		}
	}
	if n := len(p.items.seqs); n > 0 {
		if last := p.items.key(n - 1); p.at.key == nil || (bytes.Compare(last, p.at.key) > 0) != p.reverse {
			p.last = append(p.last[:0], last...)
			p.at.key = p.last
		}
	}
	if err != nil {
		return err
	}
	p.found, p.more = true, !end
	p.then = p.at
	if end && p.live {
		p.then = cursor{seq: p.at.seq, live: true}
	}
	return nil
}

// collectLive finds the keys of records that have come since.
func (v *level) collectLive(c *view.Call, p *page) error {
	if p.at.seq >= c.Since() {
		p.found, p.more, p.wait, p.then = true, true, true, p.at
		return nil
	}
	through := c.Since()
	c.Await(func(ctx context.Context) error {
		var l items
		v := v.another() // since this is not the goroutine that feeds it
		at := p.at.seq
		reader := view.NewReader(v.fields)
		var failed error
		err := c.Scan(ctx, at+1, through, false, func(seq core.Seq, record json.Value) bool {
			var r *view.Record
			if r, failed = reader.Read(seq, record); failed == nil {
				failed = v.emit(r, func(key []byte) {
					if (p.low == nil || bytes.Compare(key, p.low) >= 0) && (p.high == nil || bytes.Compare(key, p.high) < 0) {
						l.add(key, seq)
					}
				})
			}
			at = seq
			return failed == nil && len(l.seqs) < pageItems && len(l.keys) < pageBytes
		})
		if failed != nil {
			err = failed
		} else if err == nil && len(l.seqs) < pageItems && len(l.keys) < pageBytes {
			at = through
		}
		p.items, p.found, p.more = l, err == nil, true
		p.then = cursor{seq: at, left: p.at.left, live: true}
		return err
	})
	return view.ErrAwait
}

// write puts the page out.
func (p *page) write(c *view.Call) (err error) {
	c.Out = append(c.Out, `{"items":[`...)
	waiting, first, given := false, true, 0
	for i, seq := range p.items.seqs {
		if p.limit > 0 && given == p.at.left {
			break
		}
		var record json.Value
		if p.values || !p.keys && !p.seqs {
			var ok bool
			if record, ok = c.Seen(seq); !ok {
				waiting = true
			}
			if record == nil {
				continue // is awaited, or deleted
			}
		}
		given++
		if waiting {
			continue
		}
		if !first {
			c.Out = append(c.Out, ',')
		}
		first = false
		if c.Out, err = p.appendItem(c.Out, p.items.key(i), seq, record); err != nil {
			return err
		}
	}
	if waiting {
		return view.ErrAwait
	}
	if p.then.live && !p.at.live && p.sync {
		if !first {
			c.Out = append(c.Out, ',')
		}
		c.Out = append(c.Out, `{"sync":true}`...)
	}
	c.Out = append(c.Out, ']')
	p.then.left = max(p.at.left-given, 0)
	over := !p.more && !p.then.live || p.limit > 0 && p.then.left == 0
	if !over {
		c.Out = p.then.append(append(c.Out, `,"next":`...))
		if p.wait {
			c.Out = append(c.Out, `,"wait":true`...)
		}
	}
	c.Out = append(c.Out, '}')
	return nil
}

// appendItem writes one item: of keys, seqs and values what was asked for, and
// what is alone without an object around it.
func (p *page) appendItem(b, key []byte, seq core.Seq, record []byte) (_ []byte, err error) {
	switch {
	case p.keys && !p.seqs && !p.values:
		return order.AppendJSON(b, key)
	case p.seqs && !p.keys && !p.values:
		return json.AppendFloat(b, float64(seq)), nil
	case !p.keys && !p.seqs:
		return append(b, record...), nil
	}
	open := byte('{')
	if p.keys {
		b = append(append(b, open), `"key":`...)
		if b, err = order.AppendJSON(b, key); err != nil {
			return b, err
		}
		open = ','
	}
	if p.seqs {
		b = json.AppendFloat(append(append(b, open), `"seq":`...), float64(seq))
		open = ','
	}
	if p.values {
		b = append(append(append(b, open), `"value":`...), record...)
	}
	return append(b, '}'), nil
}
