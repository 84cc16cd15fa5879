package query

import (
	"context"
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/query/mfr"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// building is columns that a query has asked of, while the log is read for
// them. Whoever has begun it goes on with it; others who want columns wait
// until it is over. Only next and the columns are touched without the view's
// lock, and only by the function that is awaited.
type building struct {
	fields []*field
	next   core.Seq      // has not been read
	over   chan struct{} // is closed when nobody goes on with it
}

func (b *building) isOver() bool {
	select {
	case <-b.over:
		return true
	default:
		return false
	}
}

// mostWide is how many bytes the different values of a field may be for each
// record, and in all if they are few, so that an index of it is worth its
// memory. A field of texts is no use for more than one search, which reads the
// log as fast.
const (
	mostWide   = 64
	neverWides = 1 << 20
)

// build sees to it that there are columns of the fields wanted, but for wide
// ones. Where it has to be waited for, it answers view.ErrAwait; mine is what
// this call is building.
func (v *query) build(c *view.Call, mine **building, wants []json.Path) error {
	if b := *mine; b != nil && b == v.building && !b.isOver() {
		if b.next <= c.Since() { // more has come meanwhile
			v.goOn(c, b)
			return view.ErrAwait
		}
		for _, f := range b.fields {
			f.Pad(v.next)
			if f.Text() > max(neverWides, mostWide*v.next) {
				v.wide = append(v.wide, f.path)
			} else {
				v.attach(f)
			}
		}
		v.building, *mine = nil, nil
		close(b.over)
		c.Changed()
	}
	missing := v.missing(wants)
	if len(missing) == 0 {
		return nil
	}
	if b := v.building; b != nil && !b.isOver() {
		c.Await(func(ctx context.Context) error {
			select {
			case <-b.over:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		return view.ErrAwait
	}
	v.forget(len(missing), wants)
	b := &building{over: make(chan struct{})}
	for _, path := range missing {
		b.fields = append(b.fields, newField(path))
	}
	v.building, *mine = b, b
	v.goOn(c, b)
	return view.ErrAwait
}

// goOn has the log read on.
func (v *query) goOn(c *view.Call, b *building) {
	since := c.Since()
	c.Await(func(ctx context.Context) error {
		done := false
		defer func() {
			if !done {
				close(b.over)
			}
		}()
		var paths []json.Path
		for _, f := range b.fields {
			paths = append(paths, f.path)
		}
		reader, found := mfr.NewReader(paths), make([]json.Value, len(paths))
		var scratch []byte
		var failed error
		err := c.Scan(ctx, b.next, since, false, func(seq core.Seq, record json.Value) bool {
			if err := reader.Read(record, found); err != nil {
				failed = fmt.Errorf("seq %d: %w", int64(seq), err)
				return false
			}
			for i, f := range b.fields {
				if f.Text() <= max(neverWides, mostWide*int(seq)) {
					f.Put(int(seq), mfr.InCanon(&scratch, found[i]))
				}
			}
			return true
		})
		if err == nil {
			err = failed
		}
		if err != nil {
			return err
		}
		done = true
		b.next = since + 1
		return nil
	})
}

// missing is what has no column and could have one.
func (v *query) missing(wants []json.Path) (missing []json.Path) {
	for _, path := range wants {
		if v.find(path) == nil && !has(v.wide, path) && !has(missing, path) {
			missing = append(missing, path)
		}
	}
	return missing
}

func has(paths []json.Path, path json.Path) bool {
	for _, p := range paths {
		if p.Equal(path) {
			return true
		}
	}
	return false
}

// forget makes room for n columns, by dropping those that have not been used
// for longest.
func (v *query) forget(n int, wants []json.Path) {
	for len(v.wanted) > 0 && len(v.wanted)+n > mostWanted {
		oldest := -1
		for i, f := range v.wanted {
			if !has(wants, f.path) && (oldest < 0 || f.used < v.wanted[oldest].used) {
				oldest = i
			}
		}
		if oldest < 0 {
			break
		}
		keep := append(v.wanted[:oldest:oldest], v.wanted[oldest+1:]...)
		v.wanted = nil
		v.attach(keep...)
	}
}
