package view

import (
	"context"
	"fmt"
	"slices"

	"github.com/flumedb/flumedb-wasm/core"
)

// mostPending bounds the past states that wait to be stored, in bytes.
const mostPending = 16 << 20

// remember takes a past state of a view that keeps some, if the last one is far
// enough behind. head is the log's newest seq.
func (m *Mounted) remember(in *instance, head core.Seq) {
	n := core.Seq(m.spec.History)
	if n == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.current != in || m.err != nil {
		return
	}
	last, waiting := core.None, 0
	if k := len(in.history); k > 0 {
		last = in.history[k-1].seq
	}
	for _, k := range in.pending {
		last = k.seq
		waiting += len(k.root)
	}
	if in.since-last < max(core.Seq(m.set.opts.HistoryGap), (head+1)/(n+1)) || waiting > mostPending {
		return
	}
	states, err := keep(in)
	if err != nil {
		m.set.warn(fmt.Errorf("view %q: %w", m.spec.Name, err))
		return
	}
	in.pending = append(in.pending, states...)
}

// store writes past states that wait for it, and answers all that are to be
// kept.
func (m *Mounted) store(ctx context.Context, history []past, pending []kept) ([]past, error) {
	history = slices.Clone(history)
	for _, k := range pending {
		alone := k
		alone.parts = nil // they are listed where the state is
		b, _ := manifest{states: []kept{alone}}.encode(core.State{ID: m.set.log.State().ID, Deletions: k.deletions}, false)
		ref, err := m.shelf.write(ctx, b)
		if err != nil {
			return nil, err
		}
		history = append(history, past{seq: k.seq, ref: ref, size: uint32(len(b)), parts: k.parts})
	}
	return thin(history, m.spec.History), nil
}

// thin leaves out past states until there are no more than n: always the one
// without which the way from one to the next becomes least long, so that they
// stay about evenly spaced while the log grows.
func thin(history []past, n int) []past {
	if n == 0 {
		return nil
	}
	for len(history) > n {
		least, gap := 0, core.Seq(1<<62)
		for i := range len(history) - 1 {
			before := core.None
			if i > 0 {
				before = history[i-1].seq
			}
			if d := history[i+1].seq - before; d < gap {
				least, gap = i, d
			}
		}
		history = slices.Delete(history, least, least+1)
	}
	return history
}

// past is the stored state of a view at an earlier seq.
func (m *Mounted) readPast(ctx context.Context, p past) (k kept, err error) {
	b, err := m.shelf.Read(ctx, p.ref)
	if err != nil {
		return kept{}, err
	}
	stored, err := readManifest(b, m.set.log.State().ID)
	if err == nil && (len(stored.states) != 1 || stored.states[0].seq != p.seq) {
		err = errDamaged
	}
	if err != nil {
		return kept{}, err
	}
	k = stored.states[0]
	k.parts = p.parts
	return k, nil
}
