package view

import (
	"context"
	"errors"

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

	since   core.Seq
	stale   bool
	m       *Mounted
	in      *instance // that answers
	awaited []func(context.Context) error
	seen    map[core.Seq]json.Value
	lacking []core.Seq
	parts   []part
	wanted  []Ref
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

// Changed says that the state is not what was stored, though no answer differs:
// the view has found out something on the way that it wants to keep.
func (c *Call) Changed() {
	c.in.saved = unsaved
	nudge(c.m.set.save)
}

// Await has something done before the call is made again. fn may wait.
func (c *Call) Await(fn func(ctx context.Context) error) { c.awaited = append(c.awaited, fn) }

// await does what the last round has asked for.
func (c *Call) await(ctx context.Context) error {
	awaited := c.awaited
	c.awaited = nil
	if len(awaited) == 0 {
		return errors.New("the view waits for nothing")
	}
	for _, fn := range awaited {
		if err := fn(ctx); err != nil {
			return err
		}
	}
	c.Out = c.Out[:0]
	return nil
}
