package view

import (
	"context"
	"errors"
	"sync"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// ErrAwait is what View.Call returns when it cannot answer yet because
// something it has asked of its Call is not in memory. The call is made again
// once that is there, from the beginning; what it had put into Out is gone.
// Asking for all that is missing before returning saves rounds.
var ErrAwait = errors.New("the call has to wait")

// Call is a question to a view. Where the answer needs nothing that would have
// to be waited for, it is answered at once.
type Call struct {
	Method string
	Args   json.Value // the arguments as a JSON array, or nil

	// Out takes the answer, one JSON value.
	Out []byte

	// State is for the view to remember things between the rounds of a call.
	State any

	set     *Set
	since   core.Seq
	stale   bool
	m       *Mounted
	in      *instance
	awaited []func(context.Context) error
	wanted  map[Ref]bool
	replay  *replay

	got     *sync.Mutex // guards what follows while it is awaited
	records map[core.Seq][]byte
	parts   map[Ref][]byte
}

// Arg is the i-th argument, nil where there are fewer.
func (c *Call) Arg(i int) json.Value {
	items := c.Args.Items()
	for ; i >= 0; i-- {
		v, ok := items.Next()
		if !ok {
			return nil
		}
		if i == 0 {
			return v
		}
	}
	return nil
}

// Since is the seq that the view's state is of.
func (c *Call) Since() core.Seq { return c.since }

// Stale reports whether the state is an old one that answers while another is
// being built.
func (c *Call) Stale() bool { return c.stale }

// Record is a record of the log, nil where that is deleted; false where it has
// to be awaited. It is the record as the log has it, whatever the view's Map.
func (c *Call) Record(seq core.Seq) (record []byte, ok bool) {
	if r, ok := c.records[seq]; ok {
		return r, true
	}
	if r, ok := c.set.log.Cached(seq); ok {
		return r, true
	}
	c.Await(func(ctx context.Context) error {
		r, err := c.set.log.Get(ctx, seq)
		if errors.Is(err, core.ErrDeleted) {
			r, err = nil, nil
		}
		if err != nil {
			return err
		}
		c.got.Lock()
		defer c.got.Unlock()
		if c.records == nil {
			c.records = map[core.Seq][]byte{}
		}
		c.records[seq] = r
		return nil
	})
	return nil, false
}

// Replay gives fn the records from one seq through another as they were given
// to Apply, or as much of the first of them as is worth one call, and answers
// the last of them. fn must not keep anything of them. It may have to be
// awaited.
func (c *Call) Replay(from, through core.Seq, fn func(r *Record) error) (last core.Seq, err error) {
	if c.replay == nil || c.replay.from != from {
		c.Await(func(ctx context.Context) (err error) {
			c.replay, err = c.m.read(ctx, from, through)
			return err
		})
		return core.None, ErrAwait
	}
	return c.replay.give(c.in, fn)
}

// replay is records that have been read for a call.
type replay struct {
	from, last core.Seq
	seqs       []core.Seq
	texts      []json.Value
}

// replayBytes is about how much is read at a time.
const replayBytes = 256 << 10

func (m *Mounted) read(ctx context.Context, from, through core.Seq) (*replay, error) {
	runs, err := m.set.log.Read(ctx, core.Range{From: from, Through: through, Budget: replayBytes})
	if err != nil {
		return nil, err
	}
	p := &replay{from: from}
	for _, run := range runs {
		p.last = run.Through
		if run.Deleted {
			continue
		}
		var records [][]byte
		for seq := run.From; seq <= run.Through; seq++ {
			records = append(records, run.Record(seq))
			p.seqs = append(p.seqs, seq)
			if m.spec.Map == nil {
				p.texts = append(p.texts, run.Record(seq))
			}
		}
		if m.spec.Map != nil {
			texts, err := m.spec.Map(ctx, run.From, records)
			if err != nil {
				return nil, err
			}
			p.texts = append(p.texts, texts...)
		}
	}
	return p, nil
}

func (p *replay) give(in *instance, fn func(r *Record) error) (core.Seq, error) {
	scanner, slots := json.NewScanner(in.fields...)
	r := Record{found: make([]json.Span, scanner.Slots()), slots: slots}
	for i, text := range p.texts {
		if text == nil {
			continue
		}
		if err := scanner.Scan(text, r.found); err != nil {
			return core.None, err
		}
		r.Seq, r.Data = p.seqs[i], text
		if err := fn(&r); err != nil {
			return core.None, err
		}
	}
	return p.last, nil
}

// Await has something done before the call is made again. fn may wait, and is
// called beside others.
func (c *Call) Await(fn func(ctx context.Context) error) { c.awaited = append(c.awaited, fn) }

// await does what the last round has asked for.
func (c *Call) await(ctx context.Context) error {
	awaited := c.awaited
	c.awaited, c.wanted = nil, nil
	c.Out = c.Out[:0]
	if len(awaited) == 1 {
		return awaited[0](ctx)
	}
	errs := make(chan error, len(awaited))
	for _, fn := range awaited {
		go func() { errs <- fn(ctx) }()
	}
	var first error
	for range awaited {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}
