package lsm

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
)

func TestSortTail(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range 600 {
		m := &memory{}
		n := r.IntN(400)
		letters := 1 + r.IntN(3)
		text := func(max int) (b []byte) {
			for range r.IntN(max) {
				b = append(b, "\x00ab"[r.IntN(letters)])
			}
			return b
		}
		type pair struct {
			key []byte
			seq core.Seq
		}
		var want []pair
		for i := range n {
			// Keys that begin alike, end in zeros, or are each other's beginning.
			begin := bytes.Repeat([]byte{'a'}, r.IntN(20))
			rest := append(text(12), byte(r.IntN(2)))
			var b Beginning
			switch round % 3 {
			case 1: // none is another's beginning
				begin = append(append(begin, byte(r.IntN(5))), 'z')
				b = beginningOf(m, begin)
			case 2: // some are, and some keys have none
				if r.IntN(3) > 0 {
					b = beginningOf(m, begin)
				}
			}
			want = append(want, pair{append(bytes.Clone(begin), rest...), core.Seq(i)})
			if b == 0 {
				m.put(0, want[i].key, core.Seq(i))
			} else {
				m.put(b, rest, core.Seq(i))
			}
		}
		slices.SortStableFunc(want, func(a, b pair) int { return bytes.Compare(a.key, b.key) })
		for i := 0; i+1 < len(want); {
			if bytes.Equal(want[i].key, want[i+1].key) {
				want = slices.Delete(want, i, i+1)
				continue
			}
			i++
		}
		got := m.sortTail()
		if len(got) != len(want) {
			t.Fatalf("seed %d, round %d: %d entries, want %d", seed, round, len(got), len(want))
		}
		for i := range got {
			var buf []byte
			if key := m.key(&got[i], &buf); !bytes.Equal(key, want[i].key) || got[i].seq != want[i].seq {
				t.Fatalf("seed %d, round %d: entry %d is %q %d, want %q %d", seed, round, i, key, got[i].seq, want[i].key, want[i].seq)
			}
			if i > 0 && m.compare(&got[i-1], &got[i]) >= 0 {
				t.Fatalf("seed %d: %q and %q compare as %d", seed, want[i-1].key, want[i].key, m.compare(&got[i-1], &got[i]))
			}
			other := want[r.IntN(len(want))].key
			if c := m.compareKey(&got[i], other); cmp.Compare(c, 0) != bytes.Compare(want[i].key, other) {
				t.Fatalf("seed %d: %q and %q compare as %d", seed, want[i].key, other, c)
			}
		}
	}
}

// beginningOf gives bytes a number, under one of two names.
func beginningOf(m *memory, b []byte) Beginning {
	name := append([]byte{byte(len(m.tail) % 2)}, b...)
	found, known := m.begins.find(name)
	if !known {
		found = m.begins.add(name, b)
	}
	return found
}

func TestSortItems(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, words := range []int{1, 2, 100, 1 << 40} {
		items := make([]item, 5000)
		for i := range items {
			items[i] = item{word: uint64(r.IntN(words)), i: uint32(i)}
		}
		sortItems(items)
		if !slices.IsSortedFunc(items, func(a, b item) int {
			if less(a, b) {
				return -1
			}
			return 1
		}) {
			t.Fatalf("%d words: not sorted", words)
		}
		r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		heapsort(items)
		for i := 1; i < len(items); i++ {
			if !less(items[i-1], items[i]) {
				t.Fatalf("%d words: not sorted by the heap", words)
			}
		}
	}
}
