package view

import (
	"context"
	"fmt"
)

// lazy is a view whose stored state is taken in when that is asked for, so that
// opening a log does not wait for the states of views that nobody reads. It is
// for those that are not Storing.
type lazy struct {
	View
	root []byte // nil once it was taken in
	err  error
	warn func(error)
}

// loaded has the state taken in. An error is errLost.
func (v *lazy) loaded() error {
	if v.root == nil {
		return v.err
	}
	root := v.root
	v.root = nil
	v.err = fmt.Errorf("%w: its checkpoint", errLost) // unless Load returns
	err := v.View.Load(root)
	if v.err = nil; err != nil {
		v.warn(fmt.Errorf("its checkpoint is not used: %w", err))
		v.err = fmt.Errorf("%w: its checkpoint: %w", errLost, err)
	}
	return v.err
}

func (v *lazy) Apply(r *Record) error {
	if err := v.loaded(); err != nil {
		return err
	}
	return v.View.Apply(r)
}

func (v *lazy) Save(b []byte) []byte {
	if v.root != nil {
		return append(b, v.root...)
	}
	return v.View.Save(b)
}

func (v *lazy) Call(c *Call) error {
	if err := v.loaded(); err != nil {
		c.Await(func(context.Context) error { return err })
		return ErrAwait
	}
	return v.View.Call(c)
}
