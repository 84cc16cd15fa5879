package hashtable

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
)

// TestTable compares a table with a map, where many records have one hash and
// many hashes want one slot.
func TestTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	table := new(table)
	want := map[uint32][]core.Seq{}
	seq := core.Seq(0)
	check := func() {
		for hash := range uint32(300) {
			for _, h := range []uint32{hash, hash << 20} {
				got := slices.Collect(table.newestFirst(h))
				slices.Reverse(got)
				if !slices.Equal(got, want[h]) {
					t.Fatalf("hash %d has %v, not %v", h, got, want[h])
				}
			}
		}
	}
	check()
	for i := range 5000 {
		hash := uint32(r.IntN(200))
		if i%2 == 0 {
			hash <<= 20
		}
		seq += core.Seq(1 + r.IntN(300)*r.IntN(2))
		if err := table.add(hash, seq); err != nil {
			t.Fatal(err)
		}
		want[hash] = append(want[hash], seq)
		if i%500 == 0 {
			check()
			b := table.save(nil)
			var loaded = table
			if err := loaded.load(b); err != nil {
				t.Fatal(err)
			}
			check()
			if again := loaded.save(nil); !slices.Equal(again, b) {
				t.Fatal("what was loaded is saved as something else")
			}
		}
	}
	if err := table.add(1, 1<<32-1); err != errTooLong {
		t.Errorf("a seq that is too large: %v", err)
	}
}
