package order_test

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/order"
	"github.com/flumedb/flumedb-wasm/core/viewtest"
)

func key(t *testing.T, text string) []byte {
	t.Helper()
	b, err := order.Append(nil, json.Value(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return b
}

func TestOrder(t *testing.T) {
	// In order, as charwise has it.
	values := []string{
		`null`, `false`, `true`, `-1e999`, `-1e300`, `-1000`, `-10`, `-2`, `-1.5`, `-1`, `-0.1`, `-1e-300`, `0`, `5e-324`, `1e-300`, `0.1`, `1`, `1.5`, `2`, `10`, `1000`, `1e21`, `1e300`, `1e999`,
		`""`, `"\u0000"`, `" "`, `"!"`, `"\""`, `"A"`, `"a"`, `"a b"`, `"aa"`, `"b"`, `"é"`, `"\uffff"`, `"😀"`,
		`[]`, `[null]`, `[null,null]`, `[null,1]`, `[1,2]`, `[1,10]`, `[1,"a"]`, `[2]`, `["a\u0000"]`, `["a b"]`, `["a"]`, `["a",null]`, `["a",1]`, `["a","b"]`, `["a",[]]`, `["a",[1]]`, `["a",undefined]`, `["aa"]`, `["ab"]`, `[[]]`, `[[],1]`, `[["a"]]`, `[["a"],"b"]`,
		`undefined`, `{}`, `{"a":1}`, `{"a":2}`, `{"a":2,"b":1}`, `{"b":0}`,
	}
	for i, a := range values {
		for j, b := range values {
			got := bytes.Compare(key(t, a), key(t, b))
			if want := min(max(i-j, -1), 1); got != want {
				t.Errorf("%s and %s: %d, want %d (%q, %q)", a, b, got, want, key(t, a), key(t, b))
			}
		}
	}
}

func TestEqualValuesHaveEqualKeys(t *testing.T) {
	for a, b := range map[string]string{`1`: `1.0`, `0`: `-0`, `1e3`: `1000`, `"a"`: `"\u0061"`, `[1,"a"]`: ` [ 1e0 , "\u0061" ] `, `{"a":1,"b":2}`: `{"b":2,"a":1}`} {
		if !bytes.Equal(key(t, a), key(t, string(bytes.TrimSpace([]byte(b))))) {
			t.Errorf("%s and %s differ", a, b)
		}
	}
}

func TestThereAndBack(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	seen := map[string]json.Value{}
	for range 20000 {
		v := value(r, 3)
		k := key(t, string(v))
		back, err := order.AppendJSON(nil, k)
		if err != nil || !json.Equal(v, back) {
			t.Fatalf("seed %d: %s came back as %s, %v", seed, v, back, err)
		}
		if other, ok := seen[string(k)]; ok && !json.Equal(other, v) {
			t.Fatalf("seed %d: %s and %s have one key", seed, other, v)
		}
		seen[string(k)] = v
	}
}

// value makes values of strings that marks and escapes are made of.
func value(r *rand.Rand, depth int) json.Value {
	switch n := r.IntN(10); {
	case n < 3 && depth > 0:
		b := []byte{'['}
		for i := range r.IntN(4) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, value(r, depth-1)...)
		}
		return append(b, ']')
	case n == 3 && depth > 0:
		return fmt.Appendf(nil, `{%s:%s,"%d":1}`, text(r), value(r, depth-1), r.IntN(3))
	case n < 8:
		return text(r)
	}
	return viewtest.Value(r)
}

func text(r *rand.Rand) json.Value {
	var b []byte
	for range r.IntN(5) {
		b = append(b, "!\"?%@ab \x00\x1f"[r.IntN(10)])
	}
	return json.AppendText(nil, b)
}

func TestArrayByItems(t *testing.T) {
	b := order.Begin(nil)
	for i, item := range []string{`"a!"`, `1`, `[null]`} {
		var err error
		if b, err = order.Add(b, json.Value(item), i == 0); err != nil {
			t.Fatal(err)
		}
	}
	if b = order.End(b); !bytes.Equal(b, key(t, `["a!",1,[null]]`)) {
		t.Fatalf("%q", b)
	}
}

func TestRefuses(t *testing.T) {
	for _, text := range []string{``, `x`, `-`, `[x]`, `{"a":y}`, string(slices.Concat(bytes.Repeat([]byte("["), 300), bytes.Repeat([]byte("]"), 300)))} {
		if b, err := order.Append(nil, json.Value(text)); err == nil {
			t.Errorf("%q is %q", text, b)
		}
	}
}

func FuzzAppendJSON(f *testing.F) {
	for _, seed := range []string{"A", "F\x80\x00\x00\x00\x00\x00\x00\x00", "Jabc", "KJa\"A!", "Ma\"C\"b\"K!!", "K", "KJ?"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		if text, err := order.AppendJSON(nil, key); err == nil && !stdjson.Valid(text) {
			t.Fatalf("%q is %s", key, text)
		}
	})
}
