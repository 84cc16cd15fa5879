package json_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core/json"
)

// TestHash compares the hashes of values that are equal, and of those that are
// not.
func TestHash(t *testing.T) {
	values := []string{
		``, `null`, `true`, `false`, `0`, `1`, `-1`, `"1"`, `""`, `"a"`, `"é"`, `[]`, `{}`, `[1]`, `[[1]]`, `[1,2]`, `[2,1]`, `{"a":1}`, `{"b":1}`, `{"1":"a"}`, `{"a":{"b":2}}`, `{"a":1,"b":2}`,
		`{"a":2,"b":1}`, `[null]`, `["null"]`, `[""]`, `"longer than eight bytes"`, `[0]`,
	}
	alike := map[string][]string{
		`0`: {`-0`, `0.0`, `0e5`}, `1`: {`1.0`, `10e-1`}, `"a"`: {`"\u0061"`}, `"é"`: {`"\u00e9"`}, `[1,2]`: {`[ 1, 2 ]`, `[1.0,2e0]`}, `{"a":1,"b":2}`: {`{"b":2, "a":1}`, `{"\u0061":1,"b":2.0}`},
		`{"a":{"b":2}}`: {`{ "a" : { "b" : 2.0 } }`},
	}
	hashes := map[uint64]string{}
	for _, v := range values {
		h := json.Hash(json.Value(v))
		if other, ok := hashes[h]; ok {
			t.Errorf("%s and %s have one hash", v, other)
		}
		hashes[h] = v
		for _, w := range alike[v] {
			if json.Hash(json.Value(w)) != h || !json.Equal(json.Value(v), json.Value(w)) {
				t.Errorf("%s is not as %s", w, v)
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		v, w := values[1+r.IntN(len(values)-1)], values[1+r.IntN(len(values)-1)]
		if a, b := json.Value(`{"x":`+v+`,"y":[`+w+`]}`), json.Value(`{"y": [`+w+`],"x" :`+v+`}`); json.Hash(a) != json.Hash(b) {
			t.Fatalf("%s is not as %s", a, b)
		}
	}
	deep := json.Value(strings.Repeat(`[`, 200_000) + strings.Repeat(`]`, 200_000))
	json.Hash(deep)
}
