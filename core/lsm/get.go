package lsm

import (
	"fmt"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/order"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// GetRecord answers a call with the record of a key, its first argument as
// package order has it, and the record's seq:
//
//	{"seq":3,"value":…}
//
// With false as the second argument, the seq alone.
func (t *Tree) GetRecord(c *view.Call) error {
	key, err := order.Append(nil, c.Arg(0))
	if err != nil {
		return view.Invalid("%.40s cannot be a key", c.Arg(0))
	}
	seq, err := t.Get(c, key)
	if err != nil {
		return err
	}
	if seq == core.None {
		return fmt.Errorf("key %.100s: %w", c.Arg(0), core.ErrNotFound)
	}
	c.Out = json.AppendFloat(append(c.Out, `{"seq":`...), float64(seq))
	if c.Arg(1).Kind() != json.False {
		record, ok := c.Seen(seq)
		if !ok {
			return view.ErrAwait
		}
		if record == nil {
			return fmt.Errorf("key %.100s, seq %d: %w", c.Arg(0), int64(seq), core.ErrDeleted)
		}
		c.Out = append(append(c.Out, `,"value":`...), record...)
	}
	c.Out = append(c.Out, '}')
	return nil
}
