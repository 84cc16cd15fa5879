package column_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/query/column"
)

// TestColumn compares columns to plain slices, for values of which there are
// few, some hundreds, and many, with gaps.
func TestColumn(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	for _, different := range []int{3, 200, 5000, 100_000} {
		size := 1000 + r.IntN(3000)
		if different == 100_000 {
			size = 80_000 // more than one block, and numbers of four bytes
		}
		name := fmt.Sprintf("%d values, %d seqs, seed %d", different, size, seed)
		c := column.New()
		var want []string // "-" where there is none
		for len(want) < size {
			switch {
			case r.IntN(50) == 0:
				want = append(want, "-")
			case r.IntN(10) == 0:
				want = append(want, "")
				c.Put(len(want)-1, nil)
			default:
				v := strconv.Itoa(r.IntN(1 + r.IntN(different)))
				if different == 100_000 {
					v = strconv.Itoa(len(want))
				}
				want = append(want, v)
				c.Put(len(want)-1, []byte(v))
			}
			if n := len(want); n%(size/2) == 0 {
				check(t, name, r, c, want)
			}
		}
		c.Pad(len(want))
		check(t, name, r, c, want)
		b := c.Append([]byte("x"))
		d, rest, err := column.Read(append(b[1:], 'y'))
		if err != nil || string(rest) != "y" {
			t.Fatalf("%s: %v, rest %q", name, err, rest)
		}
		check(t, name+", read", r, d, want)
		for range 50 {
			b := slices.Clone(b[1 : 1+r.IntN(len(b))])
			if len(b) > 0 && r.IntN(2) == 0 {
				b[r.IntN(min(len(b), 40))] ^= 1 << r.IntN(8)
			}
			column.Read(b)
		}
	}
}

func check(t *testing.T, name string, r *rand.Rand, c *column.Column, want []string) {
	t.Helper()
	if c.Len() > len(want) {
		t.Fatalf("%s: %d seqs of %d", name, c.Len(), len(want))
	}
	counts := map[string]int{}
	for seq, v := range want {
		counts[v]++
		id := c.At(seq)
		if v == "-" != (id == column.None) || v == "" != (id == column.Undefined) || id > column.Undefined && string(c.Value(id)) != v {
			t.Fatalf("%s: seq %d is %d, %q, and should be %q", name, seq, id, c.Value(id), v)
		}
	}
	for range 5 {
		v := want[r.IntN(len(want))]
		if v == "-" {
			continue
		}
		m := c.Equal([]byte(v))
		if m.Count() != counts[v] {
			t.Fatalf("%s: %d records have %q, not %d", name, counts[v], v, m.Count())
		}
		holds := func(s string) bool { return s == v }
		matches(t, name+" equal "+v, m, want, holds)
		if few, ok := m.Few(); ok {
			var all []int
			for _, seq := range few.Listed {
				if m.Has(int(seq)) {
					all = append(all, int(seq))
				}
			}
			if !slices.IsSorted(few.Listed) || len(all) > 0 && all[len(all)-1] >= few.Tail {
				t.Fatalf("%s: the list of %q is not in order", name, v)
			}
			for seq := few.Tail; seq < len(want); seq++ {
				if m.Has(seq) {
					all = append(all, seq)
				}
			}
			if len(all) != counts[v] {
				t.Fatalf("%s: %d of %d are listed", name, len(all), counts[v])
			}
		}
	}
	low := r.IntN(50)
	between := func(s string) bool {
		n, err := strconv.Atoi(s)
		return err == nil && n >= low && n <= low+20
	}
	matches(t, name+" range", c.Range("range "+strconv.Itoa(low), float64(low), float64(low+20), func(json.Value) bool { return false }), want, between)
	for range 2 {
		matches(t, name+" test", c.Test("rule "+strconv.Itoa(low), func(v json.Value) bool { return between(string(v)) }), want, between)
	}
	matches(t, name+" all", c.All(), want, func(string) bool { return true })
}

func matches(t *testing.T, name string, m column.Match, want []string, holds func(string) bool) {
	t.Helper()
	n := 0
	for from := 0; from < len(want); from += column.Chunk {
		var set column.Bits
		for i := range set {
			set[i] = ^uint64(0)
			if i%7 == 3 {
				set[i] = 1 << 9 // few, which is another way
			}
		}
		was := set
		m.And(&set, from)
		for i := range column.Chunk {
			yes := from+i < len(want) && want[from+i] != "-" && holds(want[from+i])
			if yes {
				n++
			}
			if got := set[i/64]>>(i%64)&1 == 1; got != (yes && was[i/64]>>(i%64)&1 == 1) || m.Has(from+i) != yes {
				t.Fatalf("%s: seq %d: %t, %t", name, from+i, got, m.Has(from+i))
			}
		}
	}
	if m.Count() != n {
		t.Fatalf("%s: counts %d, not %d", name, m.Count(), n)
	}
}
