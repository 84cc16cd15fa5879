package lsm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// TestWalk compares walks between bounds, in both directions, over memory, over
// runs of several blocks, and over both merged, to a sorted slice.
func TestWalk(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range 60 {
		name := fmt.Sprintf("seed %d, round %d", seed, round)
		key := func() []byte {
			// Some are each other's beginning, and many begin alike.
			k := append(bytes.Repeat([]byte("author "), r.IntN(3)), byte('a'+r.IntN(4)))
			for range r.IntN(12) {
				k = append(k, "\x00ab\xff"[r.IntN(4)])
			}
			return k
		}
		want := map[string]core.Seq{}
		seq := core.Seq(0)
		var sources []func(low, high []byte, reverse bool) source // the newest first
		for range 1 + r.IntN(4) {
			m := &memory{}
			for range r.IntN(300) {
				k := key()
				want[string(k)] = seq
				if at := bytes.LastIndexByte(k, ' '); at >= 0 && r.IntN(2) == 0 {
					m.put(beginningOf(m, k[:at+1]), k[at+1:], seq)
				} else {
					m.put(0, k, seq)
				}
				if seq++; r.IntN(50) == 0 {
					m.settle()
				}
			}
			var own []func(low, high []byte, reverse bool) source
			for _, layer := range m.layers() {
				own = append(own, func(low, high []byte, reverse bool) source { return newMemorySource(m, layer, low, high, reverse) })
			}
			if r.IntN(2) == 0 {
				if run, parts := writeDown(t, m, 64+r.IntN(1000)); run != nil {
					own = []func(low, high []byte, reverse bool) source{
						func(low, high []byte, reverse bool) source { return newRunSource(run, parts, low, high, reverse) },
					}
				}
			}
			sources = append(own, sources...)
		}
		var keys []string
		for k := range want {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for range 40 {
			var low, high []byte
			bound := func() []byte {
				switch n := r.IntN(4); {
				case n == 0:
					return nil
				case n == 1 && len(keys) > 0:
					return []byte(keys[r.IntN(len(keys))])
				default:
					return key()
				}
			}
			low, high = bound(), bound()
			reverse := r.IntN(2) == 0
			var expected []string
			for _, k := range keys {
				if (low == nil || k >= string(low)) && (high == nil || k < string(high)) {
					expected = append(expected, k)
				}
			}
			if reverse {
				slices.Reverse(expected)
			}
			var all []source
			for _, open := range sources {
				all = append(all, open(low, high, reverse))
			}
			merged := newMerger(all, reverse)
			for i := 0; ; i++ {
				k, at, err := merged.next()
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if k == nil {
					if i != len(expected) {
						t.Fatalf("%s: from %q to %q, reverse %t, ends after %d keys of %d", name, low, high, reverse, i, len(expected))
					}
					break
				}
				if i == len(expected) || string(k) != expected[i] || at != want[string(k)] {
					t.Fatalf("%s: from %q to %q, reverse %t, key %d is %q %d, want %q", name, low, high, reverse, i, k, at, expected[min(i, len(expected)):min(i+1, len(expected))])
				}
			}
		}
	}
}

// writeDown makes a run of what is in memory, in blocks of about a size.
func writeDown(t *testing.T, m *memory, size int) (*run, parts) {
	t.Helper()
	var sources []source
	for _, layer := range m.layers() {
		sources = append(sources, newMemorySource(m, layer, nil, nil, false))
	}
	merged := newMerger(sources, false)
	made, stored := &run{}, [][]byte{}
	var index []byte
	var w builder
	end := func() {
		if w.count == 0 {
			return
		}
		count, last := w.count, bytes.Clone(w.last)
		index = appendIndex(index, uint64(len(stored)), count, last)
		made.ids = append(made.ids, uint32(len(stored)))
		stored = append(stored, w.finish())
	}
	for {
		k, seq, err := merged.next()
		if err != nil {
			t.Fatal(err)
		}
		if k == nil {
			break
		}
		if w.add(k, seq); w.size() >= size {
			end()
		}
	}
	if end(); len(stored) == 0 {
		return nil, nil
	}
	if err := made.load(index); err != nil {
		t.Fatal(err)
	}
	return made, func(ref view.Ref) ([]byte, error) { return stored[ref.ID], nil }
}
