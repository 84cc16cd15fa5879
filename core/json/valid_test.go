package json_test

import (
	"bytes"
	stdjson "encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/flumedb/flumedb-wasm/core/json"
)

func FuzzValid(f *testing.F) {
	for _, text := range []string{
		``, ` `, `1`, ` 1 `, `01`, `-`, `-0`, `-01`, `1.`, `.5`, `1.5e`, `1e+5`, `1E-05`, `+1`, `1 2`, `0x1`, `--1`, `1e5.5`,
		`tru`, `true`, `truer`, `null`, `nul`, `False`,
		`""`, `"`, `"\"`, `"\\"`, `"\u12"`, `"\u12G4"`, `"\u1234"`, `"\ud800"`, `"\x"`, "\"\n\"", "\"\x00\"", "\"\x7f\"", "\"\xff\"", `"ö"`, `'a'`,
		`[]`, `[ ]`, `[`, `]`, `[1`, `[1,]`, `[,1]`, `[1 2]`, `[1,2]`, `[[],[[]]]`, `[}`, `[1}`,
		`{}`, `{ }`, `{`, `}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{"a":1,"b":[{}]}`, `{a:1}`, `{1:1}`, `{"a":1]`,
		"\ufeff1", " \t\r\n[1]\r\n", "\v1", `[1]x`, `//1`, `NaN`, `Infinity`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		depth := strings.Count(string(text), "[") + strings.Count(string(text), "{")
		if depth > json.MaxDepth {
			t.Skip()
		}
		want := stdjson.Valid(text) && utf8.Valid(text)
		if got := json.Valid(text); got != want {
			t.Fatalf("%q: valid is %t, want %t", text, got, want)
		}
		if !want {
			return
		}
		var compact bytes.Buffer
		if err := stdjson.Compact(&compact, text); err != nil {
			t.Fatal(err)
		}
		if got := json.AppendCompact(nil, text); !bytes.Equal(got, compact.Bytes()) {
			t.Fatalf("%q became %q, want %q", text, got, compact.Bytes())
		}
	})
}

func TestValidDepth(t *testing.T) {
	for depth, want := range map[int]bool{json.MaxDepth: true, json.MaxDepth + 1: false, 1 << 20: false} {
		text := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		if got := json.Valid([]byte(text)); got != want {
			t.Errorf("%d arrays in each other: valid is %t", depth, got)
		}
	}
}
