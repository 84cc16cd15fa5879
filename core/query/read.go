package query

import (
	"context"
	"fmt"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
	"github.com/flumedb/flumedb-wasm/core/view"
)

const (
	pageBytes = 1 << 20  // about how much a page of answers holds
	pageWork  = 64 << 20 // how much is read for a page at the most, if it answers record by record
	pickMost  = 256      // how many records are picked together
)

// slice is how long a query works before others get their turn.
const slice = 8 * time.Millisecond

// read answers the first page of a query, or the next. The answer is
//
//	{"items":[…],"through":seq,"next":…,"whole":true}
//
// through is the newest seq that there was when the first page was asked for;
// next, which is missing on the last page, is to be the second argument of the
// call for the next one; whole says that the answers are not each of a record.
func (v *query) read(c *view.Call) error {
	r, ok := c.State.(*reading)
	if !ok || r.v != v { // or the view was rebuilt meanwhile
		q, err := v.request(c.Arg(0))
		if err != nil {
			return err
		}
		r = v.reading(q)
		if err := r.begin(c, c.Arg(1)); err != nil {
			return err
		}
		c.State = r
	}
	if r.plan = v.planned(r.request); r.plan == nil || r.mine != nil {
		if err := v.build(c, &r.mine, v.wants(r.request)); err != nil {
			return err
		}
		r.plan = v.plan(r.request)
		r.ready.plan, r.ready.columns, r.ready.next = r.plan, v.columns, v.next
	}
	if r.run == nil {
		r.begun()
	}
	r.turn = turn{}
	if err := r.work(c); err != nil {
		return err
	}
	r.answer(c)
	c.State = nil
	r.end()
	return nil
}

// turn is how long a call has been at work, since it first looked at the clock.
type turn struct{ began time.Time }

// isOver reports whether others are to have theirs.
func (t *turn) isOver() bool {
	if t.began.IsZero() {
		t.began = time.Now()
		return false
	}
	return time.Since(t.began) >= slice
}

// reading is a page being made.
type reading struct {
	*request
	v    *query
	mine *building
	plan *plan
	run  *mfr.Run

	span             // what is still to be looked at
	through core.Seq // the newest seq when the first page was asked for
	left    int      // how many more may be answered, -1 for no end
	skip    int      // how many were picked for the pages before, where there is an order
	order   *order
	seqs    []uint32     // have been picked, and not yet looked at
	picked  []uint32     // the memory of seqs
	records []json.Value // of seqs
	scanned bool
	all     span  // span, before any of it was looked at
	total   int   // of records counted
	counts  []int // the same by value

	out   []byte // the answer as far as there are items
	count int    // of these
	seq   core.Seq
	bytes int // how much has been read
	turn  turn
}

// reading begins to make a page, in the memory of one that has been made.
func (v *query) reading(q *request) *reading {
	r := v.spare
	if v.spare = nil; r == nil {
		return &reading{request: q, v: v}
	}
	*r = reading{request: q, v: v, picked: r.picked, records: r.records}
	return r
}

// begun has the query run.
func (r *reading) begun() {
	p := r.plan
	if r.run, p.run = p.run, nil; r.run != nil {
		r.run.Again(r.emit)
	} else {
		r.run = p.query.Run(r.emit)
	}
	r.all = r.span
}

// end leaves the memory of a page to the next one, and nothing in it that would
// keep records.
func (r *reading) end() {
	if r.run.Of(r.plan.query) {
		r.run.Again(nil)
		r.plan.run = r.run
	}
	clear(r.records[:cap(r.records)])
	v := r.v
	*r = reading{picked: r.picked, records: r.records}
	v.spare = r
}

// begin finds out what the page is to be of.
func (r *reading) begin(c *view.Call, next json.Value) error {
	r.out = append(c.Out[:0], `{"items":[`...) // nothing else is put there
	r.left = -1
	if r.limit > 0 {
		r.left = r.limit
	}
	r.through = c.Since()
	r.span = span{r.from, min(r.to, r.through), r.reverse}
	if next.Kind() != json.Absent && next.Kind() != json.Null {
		var n [5]int64
		for i, name := range [...]string{"at", "last", "left", "skip", "through"} {
			var ok bool
			if n[i], ok = next.Member(name).Int(); !ok {
				return view.Invalid("next must be what a page has given")
			}
		}
		r.at, r.last, r.left, r.skip, r.through = core.Seq(n[0]), core.Seq(n[1]), int(n[2]), int(n[3]), core.Seq(n[4])
		if r.at < 0 || r.last > c.Since() || r.skip < 0 {
			return view.Invalid("next is of another log")
		}
	}
	return nil
}

// work makes the page, or answers view.ErrAwait.
func (r *reading) work(c *view.Call) error {
	switch p := r.plan; {
	case r.left == 0:
	case p.fold && len(p.by) == 0:
		return r.fold(c)
	case len(p.match) > 0 || len(p.by) > 0:
		return r.pick(c)
	case !r.scanned && r.at <= r.last:
		r.scanned = true
		c.Await(func(ctx context.Context) error { return r.scan(ctx, c) })
		return view.ErrAwait
	}
	return nil
}

// streams reports whether the page may end before all records have been looked
// at.
func (r *reading) streams() bool { return r.plan.query.Streams() }

func (r *reading) full() bool {
	return r.left == 0 || r.streams() && (len(r.out) >= pageBytes || r.bytes >= pageWork)
}

// rest lets others have their turn, if it is time.
func (r *reading) rest(c *view.Call) error {
	if !r.turn.isOver() {
		return nil
	}
	c.Await(func(ctx context.Context) error {
		c.Yield(ctx)
		return ctx.Err()
	})
	return view.ErrAwait
}

// scan reads records until the page is full, or all.
func (r *reading) scan(ctx context.Context, c *view.Call) error {
	reader := mfr.NewReader(r.query.Fields)
	from, to := r.at, r.last
	if r.reverse {
		from, to = to, from
	}
	var failed error
	err := c.Scan(ctx, from, to, r.reverse, func(seq core.Seq, record json.Value) bool {
		failed = r.take(reader, seq, record)
		r.passed(seq)
		return failed == nil && !r.full()
	})
	if err == nil {
		err = failed
	}
	if err == nil && !r.full() {
		r.done() // behind the last record there may be such that are deleted
	}
	return err
}

// take has the query take in a record. Without a reader it is known that the
// terms hold, and nothing else is asked.
func (r *reading) take(reader *mfr.Reader, seq core.Seq, record json.Value) error {
	r.seq = seq
	r.bytes += len(record)
	if reader == nil {
		r.run.Add(record)
		return nil
	}
	if err := reader.Read(record, r.run.Found); err != nil {
		return fmt.Errorf("seq %d: %w", int64(seq), err)
	}
	r.run.Null = record.Kind() == json.Null
	if r.run.Holds() {
		r.run.Add(record)
	}
	return nil
}

// pick reads the records that the columns have found.
func (r *reading) pick(c *view.Call) error {
	p := r.plan
	if len(p.by) > 0 && r.order == nil {
		if !p.walk(&r.span, &r.turn, func(seq uint32) bool {
			r.seqs = append(r.seqs, seq)
			return true
		}) {
			return r.rest(c)
		}
		r.order = newOrder(p.by, r.reverse, r.seqs)
		r.seqs = nil
		for range r.skip {
			r.order.next()
		}
	}
	var reader *mfr.Reader
	if p.rest || !p.query.Plain() {
		reader = mfr.NewReader(r.query.Fields)
	}
	for !r.full() {
		if len(r.seqs) == 0 {
			if !r.gather() {
				return r.rest(c)
			}
			if len(r.seqs) == 0 {
				break
			}
		}
		if r.records = r.records[:0]; cap(r.records) < len(r.seqs) {
			r.records = make([]json.Value, 0, len(r.seqs))
		}
		there := true
		for _, seq := range r.seqs {
			record, ok := c.Seen(core.Seq(seq))
			r.records = append(r.records, record)
			there = there && ok
		}
		if !there {
			return view.ErrAwait
		}
		for _, record := range r.records {
			if r.full() {
				break
			}
			seq := core.Seq(r.seqs[0])
			r.seqs = r.seqs[1:]
			r.skip++
			if record == nil { // it has been deleted
				continue
			}
			if err := r.take(reader, seq, record); err != nil {
				return err
			}
		}
		c.Forget()
		if r.full() {
			break
		}
		if err := r.rest(c); err != nil {
			return err
		}
	}
	if r.order == nil && len(r.seqs) > 0 { // these are for the next page
		r.back(core.Seq(r.seqs[0]))
	} else if r.order != nil && len(r.seqs)+len(r.order.heap) == 0 {
		r.done()
	}
	return nil
}

// gather picks some seqs to be looked at next; false where that takes longer
// than a slice.
func (r *reading) gather() bool {
	most := pickMost
	if r.left > 0 {
		most = min(most, r.left)
	}
	if cap(r.picked) < most {
		r.picked = make([]uint32, 0, most)
	}
	r.seqs = r.picked[:0]
	if r.order != nil {
		for len(r.seqs) < most {
			seq, ok := r.order.next()
			if !ok {
				break
			}
			r.seqs = append(r.seqs, seq)
		}
		return true
	}
	return r.plan.walk(&r.span, &r.turn, func(seq uint32) bool {
		r.seqs = append(r.seqs, seq)
		return len(r.seqs) < most
	}) || len(r.seqs) > 0
}

func (r *reading) emit(v json.Value) {
	if r.left == 0 {
		return
	}
	if r.left > 0 {
		r.left--
	}
	r.out = comma(r.out, r.count)
	r.count++
	if !r.withSeqs {
		r.out = mfr.Append(r.out, v)
		return
	}
	r.out = appendNumber(r.out, `{"seq":`, int(r.seq))
	r.out = append(mfr.Append(append(r.out, `,"value":`...), v), '}')
}

// answer writes the page.
func (r *reading) answer(c *view.Call) {
	more := r.left != 0 && (r.order != nil && r.full() && len(r.seqs)+len(r.order.heap) > 0 || r.order == nil && r.at <= r.last)
	if !more {
		r.run.End()
	}
	b := appendNumber(append(r.out, ']'), `,"through":`, int(r.through))
	if more {
		at, last := r.at, r.last
		if r.order != nil {
			at, last = r.all.at, r.all.last
		}
		b = appendNumber(b, `,"next":{"at":`, int(at))
		b = appendNumber(b, `,"last":`, int(last))
		b = appendNumber(b, `,"left":`, r.left)
		b = appendNumber(b, `,"skip":`, r.skip)
		b = append(appendNumber(b, `,"through":`, int(r.through)), '}')
	}
	if !r.query.Streams() {
		b = append(b, `,"whole":true`...)
	}
	c.Out = append(b, '}')
}
