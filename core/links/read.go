package links

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/order"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
	"github.com/flumedb/flumedb-wasm/core/view"
)

const (
	pageBytes = 1 << 20  // about how much a page of answers holds
	pageWork  = 64 << 20 // how much is read for a page at the most, if it answers link by link
	pickMost  = 256      // how many entries are picked together
)

// slice is how long a query works before others get their turn.
const slice = 8 * time.Millisecond

// read answers the first page of a query, or the next, in the form that the
// query view has:
//
//	{"items":[…],"through":seq,"next":…,"whole":true}
func (v *links) read(c *view.Call) error {
	r, ok := c.State.(*reading)
	if !ok || r.v != v { // or the view was rebuilt meanwhile
		q, err := v.request(c.Arg(0))
		if err != nil {
			return err
		}
		if r, err = v.begin(c, q); err != nil {
			return err
		}
		c.State = r
	}
	r.began = time.Now()
	var err error
	if r.index != nil && !r.live {
		err = r.walk(c)
	} else {
		err = r.scan(c)
	}
	if err != nil {
		return err
	}
	r.answer(c)
	return nil
}

// explain answers which index would be asked: {"index":"SRD"}, or null where
// the log would be read.
func (v *links) explain(c *view.Call) error {
	q, err := v.request(c.Arg(0))
	if err != nil {
		return err
	}
	c.Out = append(c.Out, `{"index":`...)
	if q.index == nil {
		c.Out = append(c.Out, "null}"...)
	} else {
		c.Out = append(json.AppendText(c.Out, []byte(q.index.Key)), '}')
	}
	return nil
}

// reading is a page being made.
type reading struct {
	*request
	v      *links
	run    *mfr.Run
	reader *mfr.Reader
	spans  []span // of the index, in the order in which they are walked

	through core.Seq // the newest seq when the first page was asked for
	left    int      // how many more may be answered, -1 for no end
	at      []byte   // the key that was looked at last
	seq     core.Seq // the record that is to be looked at next
	over    bool     // there is nothing more
	scanned bool
	picked  []entry

	out   []byte // the answer as far as there are items
	count int    // of these
	bytes int    // how much has been read
	began time.Time
	link  []byte
}

// entry is a link in an index.
type entry struct {
	key []byte
	seq core.Seq
}

func (v *links) begin(c *view.Call, q *request) (*reading, error) {
	r := &reading{request: q, v: v, through: c.Since(), left: -1, seq: core.None}
	r.out = append(r.out, `{"items":[`...)
	if q.limit > 0 {
		r.left = q.limit
	}
	if next := c.Arg(1); next.Kind() != json.Absent && next.Kind() != json.Null {
		if err := r.parse(next); err != nil {
			return nil, err
		}
		if r.through > c.Since() {
			return nil, view.Invalid("next is of another log")
		}
	}
	if r.seq == core.None {
		if r.seq = r.after + 1; q.reverse && !q.live {
			r.seq = r.through
		}
	}
	r.reader, r.run = mfr.NewReader(q.query.Fields), q.query.Run(r.emit)
	if q.index != nil {
		r.spans = q.index.spans(q.query)
		if q.reverse {
			slices.Reverse(r.spans)
		}
	}
	return r, nil
}

// parse takes a cursor, as answer writes it.
func (r *reading) parse(next json.Value) error {
	seq, one := next.Member("seq").Int()
	through, two := next.Member("through").Int()
	left, three := next.Member("left").Int()
	key, err := hex.DecodeString(next.Member("key").Str())
	if !one || !two || !three || err != nil || seq < -1 || left < -1 || through < -1 {
		return view.Invalid("next must be what a page has given")
	}
	r.seq, r.through, r.left, r.at = core.Seq(seq), core.Seq(through), int(left), key
	return nil
}

func (r *reading) full() bool {
	return r.left == 0 || r.query.Streams() && (len(r.out) >= pageBytes || r.bytes >= pageWork)
}

// walk reads the index. It goes on where the last round of the call has had to
// stop.
func (r *reading) walk(c *view.Call) error {
	for !r.full() {
		if len(r.picked) == 0 {
			if err := r.pick(c); err != nil {
				return err
			}
			if len(r.picked) == 0 {
				r.over = true
				return nil
			}
		}
		if r.unlinked {
			waiting := false
			for _, e := range r.picked {
				_, ok := c.Seen(e.seq)
				waiting = waiting || !ok
			}
			if waiting {
				return view.ErrAwait
			}
		}
		for len(r.picked) > 0 && !r.full() {
			e := r.picked[0]
			r.picked = r.picked[1:]
			r.at = e.key
			var base json.Value
			if r.unlinked {
				if base, _ = c.Seen(e.seq); base == nil {
					continue // it has been deleted
				}
				if r.v.mapped {
					base = base.Member("value")
				}
			}
			if err := r.takeEntry(e, base); err != nil {
				return err
			}
		}
		c.Forget()
		if time.Since(r.began) >= slice && !r.full() {
			c.Await(func(ctx context.Context) error {
				c.Yield(ctx)
				return ctx.Err()
			})
			return view.ErrAwait
		}
	}
	return nil
}

// pick finds some entries to be looked at next.
func (r *reading) pick(c *view.Call) error {
	var some []entry
	most := pickMost
	if r.left > 0 {
		most = min(most, r.left)
	}
	for _, s := range r.spans {
		if len(r.at) > 0 { // what has been looked at is left out
			if r.reverse {
				s.high = least(s.high, r.at)
			} else if behind := append(r.at[:len(r.at):len(r.at)], 0); bytes.Compare(s.low, behind) < 0 {
				s.low = behind
			}
		}
		if bytes.Compare(s.low, s.high) >= 0 {
			continue
		}
		for it := r.v.Tree.Iterate(c, s.low, s.high, r.reverse); ; {
			key, seq, err := it.Next()
			if err != nil {
				return err
			}
			if key == nil {
				it.Close()
				break
			}
			if seq > r.through {
				continue // it was not there when the first page was asked for
			}
			if some = append(some, entry{slices.Clone(key), seq}); len(some) == most {
				r.picked = some
				return nil
			}
		}
	}
	r.picked = some
	return nil
}

func least(a, b []byte) []byte {
	if bytes.Compare(a, b) < 0 {
		return a
	}
	return b
}

var errEntry = errors.New("an entry of the index is not what it should be")

// takeEntry makes the link of an entry, and has the query take it in.
func (r *reading) takeEntry(e entry, base json.Value) error {
	text, err := order.AppendJSON(nil, e.key)
	if err != nil {
		return err
	}
	items := json.Value(text).Items()
	items.Next() // the index's key
	values := make([]json.Value, len(r.index.Paths))
	for i := range values {
		var ok bool
		if values[i], ok = items.Next(); !ok {
			return errEntry
		}
	}
	r.link = r.index.tree.append(r.link[:0], base, values)
	return r.take(r.link)
}

// take has the query take in a link.
func (r *reading) take(link json.Value) error {
	r.bytes += len(link)
	if err := r.reader.Read(link, r.run.Found); err != nil {
		return err
	}
	r.run.Null = false
	if r.run.Holds() {
		r.run.Add(link)
	}
	return nil
}

// scan reads the log: for want of an index, or for what comes.
func (r *reading) scan(c *view.Call) error {
	if r.scanned || r.left == 0 {
		return nil
	}
	r.scanned = true
	reverse := r.reverse && !r.live
	end := r.through
	if reverse {
		end = 0
	}
	if reverse && r.seq < end || !reverse && r.seq > end {
		r.over = true
		return nil
	}
	c.Await(func(ctx context.Context) error {
		e, reader := r.v.newEmitter(), view.NewReader(r.v.fields)
		var failed error
		err := c.Scan(ctx, r.seq, end, reverse, func(seq core.Seq, record json.Value) bool {
			var seen *view.Record
			if seen, failed = reader.Read(seq, record); failed == nil {
				failed = e.links(seen, func() error { return r.takeLink(e, seen) })
			}
			if r.seq = seq + 1; reverse {
				r.seq = seq - 1
			}
			return failed == nil && !r.full()
		})
		r.over = !r.full()
		return errors.Join(failed, err)
	})
	return view.ErrAwait
}

// takeLink has the query take in a link of a record: as it would stand in the
// index, if that is what is asked.
func (r *reading) takeLink(e *emitter, record *view.Record) error {
	if r.index == nil {
		return r.take(e.text())
	}
	var values []json.Value
	for _, at := range r.index.at {
		if e.found[at] == nil {
			return nil
		}
		values = append(values, e.found[at])
	}
	var base json.Value
	if r.unlinked {
		if base = record.Data; r.v.mapped {
			base = base.Member("value")
		}
	}
	r.link = r.index.tree.append(r.link[:0], base, values)
	return r.take(r.link)
}

func (r *reading) emit(v json.Value) {
	if r.left == 0 {
		return
	}
	if r.left > 0 {
		r.left--
	}
	if r.count > 0 {
		r.out = append(r.out, ',')
	}
	r.count++
	r.out = mfr.Append(r.out, v)
}

// answer writes the page.
func (r *reading) answer(c *view.Call) {
	more := !r.over && r.left != 0
	if !more {
		r.run.End()
	}
	number := func(b []byte, name string, n int64) []byte { return strconv.AppendInt(append(b, name...), n, 10) }
	b := number(append(r.out, ']'), `,"through":`, int64(r.through))
	if more {
		b = number(b, `,"next":{"seq":`, int64(r.seq))
		b = number(b, `,"through":`, int64(r.through))
		b = number(b, `,"left":`, int64(r.left))
		b = append(hex.AppendEncode(append(b, `,"key":"`...), r.at), `"}`...)
	}
	if !r.query.Streams() {
		b = append(b, `,"whole":true`...)
	}
	c.Out = append(b, '}')
}
