package lsm

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
)

func TestSortEntries(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		m := &memory{}
		n := r.IntN(400)
		letters := 1 + r.IntN(3)
		for i := range n {
			// Keys that begin alike, end in zeros, or are each other's beginning.
			key := bytes.Repeat([]byte{'a'}, r.IntN(20))
			for range r.IntN(10) {
				key = append(key, "\x00ab"[r.IntN(letters)])
			}
			key = append(key, byte(r.IntN(2)))
			from := len(m.arena)
			m.arena = append(m.arena, key...)
			m.tail = append(m.tail, entry{headOf(key), uint32(from), uint32(len(key)), core.Seq(i)})
		}
		want := slices.Clone(m.tail)
		slices.SortStableFunc(want, func(a, b entry) int { return bytes.Compare(m.key(&a), m.key(&b)) })
		for i := 0; i+1 < len(want); {
			if bytes.Equal(m.key(&want[i]), m.key(&want[i+1])) {
				want = slices.Delete(want, i, i+1)
				continue
			}
			i++
		}
		if got := sortEntries(m.arena, m.tail, &m.items); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %d entries, want %d", seed, len(got), len(want))
		}
		for i := 1; i < len(want); i++ {
			if m.compare(&want[i-1], &want[i]) >= 0 {
				t.Fatalf("seed %d: %q and %q compare as %d", seed, m.key(&want[i-1]), m.key(&want[i]), m.compare(&want[i-1], &want[i]))
			}
		}
	}
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
