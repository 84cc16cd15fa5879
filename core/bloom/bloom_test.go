package bloom

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/viewtest"
)

func TestSuite(t *testing.T) {
	for _, c := range []struct {
		options string
		keys    []string
	}{
		{`{"key":"a","items":500}`, []string{`"a"`, `"b"`, `1`, `{"a":2,"b":[1]}`, `"never"`}},
		{`{"key":["a","b"],"items":2,"probability":0.1}`, []string{`["a","b"]`, `["b","b"]`, `[1,1]`, `["never","a"]`}},
	} {
		t.Run(c.options, func(t *testing.T) {
			var questions []viewtest.Question
			for _, key := range c.keys {
				questions = append(questions, viewtest.Question{Method: "has", Args: "[" + key + "]"})
			}
			viewtest.Run(t, viewtest.Case{Kind: Kind, Options: c.options, Questions: questions, Record: func(r *rand.Rand, i int) []byte {
				parts := []string{`"a"`, `"b"`, `1`, `{"b":[1],"a":2}`, fmt.Sprint(i)}
				return fmt.Appendf(nil, `{"a":%s,"b":%s}`, parts[r.IntN(5)], parts[r.IntN(5)])
			}})
		})
	}
}

// TestRate measures how often a filter is wrong, when it has as many keys as it
// is made for, and when it has many times as many.
func TestRate(t *testing.T) {
	for _, c := range []struct {
		items, keys int
		probability float64
	}{
		{5000, 5000, 0.01}, {2000, 30_000, 0.01}, {5000, 5000, 0.1}, {1000, 20_000, 0.001}, {10, 10_000, 0.1}, {20_000, 20_000, 0.001}, {1, 5000, 0.5},
	} {
		t.Run(fmt.Sprintf("%d keys for %d at %v", c.keys, c.items, c.probability), func(t *testing.T) {
			s := scalable{items: c.items, probability: c.probability}
			name := func(what string, i int) uint64 {
				return json.Hash(json.Value(`"` + what + strconv.Itoa(i) + `"`))
			}
			for i := range c.keys {
				s.add(name("key", i))
			}
			for i := range c.keys {
				if !s.has(name("key", i)) {
					t.Fatalf("key %d is not there", i)
				}
			}
			const asked = 80_000
			wrong := 0
			for i := range asked {
				if s.has(name("other", i)) {
					wrong++
				}
			}
			bits := 0
			for _, f := range s.filters {
				bits += 8 * len(f.bits)
			}
			rate := float64(wrong) / asked
			t.Logf("rate %.5f with %d filters, %.1f bits a key", rate, len(s.filters), float64(bits)/float64(c.keys))
			// The keys are always the same, so this does not fail now and then.
			if rate > c.probability+3*math.Sqrt(c.probability/asked) {
				t.Errorf("it is wrong at a rate of %v, and should be at %v at most", rate, c.probability)
			}
			if wrong == 0 && c.probability > 0.001 {
				t.Error("it is never wrong, so it is larger than it needs to be")
			}
		})
	}
}

// TestSame shows that equal keys count once, so that a log with few different
// keys has a small filter.
func TestSame(t *testing.T) {
	s := scalable{items: 100, probability: 0.01}
	for i := range 10_000 {
		s.add(json.Hash(json.Value(fmt.Sprint(i % 90))))
	}
	if len(s.filters) != 1 || s.filters[0].keys > 90 {
		t.Errorf("%d filters", len(s.filters))
	}
}

// TestLarge shows that filters stop growing where a bit's place would not fit.
func TestLarge(t *testing.T) {
	s := scalable{items: 100_000_000, probability: 1e-9}
	for i := range 40 {
		if f := s.shape(i); f.size > maxBits || f.most < 1_000_000 || f.hashes < 30 {
			t.Errorf("filter %d: %+v", i, f)
		}
	}
}

func TestRefuses(t *testing.T) {
	for options, want := range map[string]string{
		`{}`: "needs a key", `{"key":[]}`: "needs a path", `{"key":"a","item":7}`: `no option "item"`, `{"key":"a","items":0}`: "items must be", `{"key":"a","items":2.5}`: "items must be",
		`{"key":"a","probability":1}`: "probability must be", `{"key":"a","probability":"x"}`: "probability must be", `7`: "must be an object",
	} {
		if _, err := Kind.New(json.Value(options)); !errors.Is(err, view.ErrOption) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", options, err)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	s := scalable{items: 100_000, probability: 0.001}
	for i := 0; b.Loop(); i++ {
		s.add(json.Hash(json.Value(fmt.Sprintf(`"key %d"`, i&0xFFFFF))))
	}
}
