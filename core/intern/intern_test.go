package intern_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flumedb/flumedb-wasm/core/intern"
)

func TestSet(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	var s intern.Set
	want := map[string]int{}
	var order []string
	for step := range 20000 {
		b := fmt.Appendf(nil, "%0*d", r.IntN(24), r.IntN(1<<r.IntN(20)))
		n, known := want[string(b)]
		if !known {
			n = -1
		}
		if got := s.Find(b); got != n {
			t.Fatalf("%q is %d, want %d", b, got, n)
		}
		if !known {
			n = len(order)
			want[string(b)] = n
			order = append(order, string(b))
		}
		if got, fresh := s.Add(b); got != n || fresh == known {
			t.Fatalf("%q was added as %d, %v; want %d", b, got, fresh, n)
		}
		if step%5000 == 7 {
			var loaded intern.Set
			rest, err := loaded.Read(append(s.Append(nil), "rest"...))
			if err != nil || string(rest) != "rest" {
				t.Fatalf("%q, %v", rest, err)
			}
			s = loaded
		}
	}
	if s.Len() != len(order) {
		t.Fatalf("%d of %d", s.Len(), len(order))
	}
	for i, b := range order {
		if string(s.At(i)) != b {
			t.Fatalf("%d is %q, want %q", i, s.At(i), b)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	var s intern.Set
	s.Add([]byte("abc"))
	s.Add([]byte("de"))
	b := s.Append(nil)
	for n := range b {
		if _, err := s.Read(b[:n]); err == nil {
			t.Errorf("cut to %d: no error", n)
		}
	}
	b[4] = 9
	if _, err := s.Read(b); err == nil {
		t.Error("ends that go back: no error")
	}
}
