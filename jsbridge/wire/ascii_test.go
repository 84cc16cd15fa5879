package wire

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestASCII(t *testing.T) {
	long := strings.Repeat("no other letters than these. ", 20)
	for _, c := range []struct{ text, want string }{
		{`""`, `""`},
		{`"` + long + `"`, `"` + long + `"`},
		{`"` + long + `é"`, `"` + long + `\u00e9"`},
		{`{"ключ":"` + long + `"}`, `{"\u043a\u043b\u044e\u0447":"` + long + `"}`},
		{`["` + long + `𝄞",1,"日本` + long + `"]`, `["` + long + `\ud834\udd1e",1,"\u65e5\u672c` + long + `"]`},
		{`"日本語日本語"`, `"日本語日本語"`},                           // too many
		{`"` + long + "\xff é\"", `"` + long + "\xff é\""}, // not UTF-8
		{`"` + long + "é\xed\xa0\x80\"", `"` + long + "é\xed\xa0\x80\""},
	} {
		if got := string(ASCII(nil, []byte(c.text))); got != c.want {
			t.Errorf("%q is made %q, want %q", c.text, got, c.want)
		}
	}
}

func FuzzASCII(f *testing.F) {
	f.Add("text with some letters, é, 日本語 and 𝄞", 3)
	f.Fuzz(func(t *testing.T, text string, repeat int) {
		in, err := json.Marshal([]string{strings.Repeat("plain ", repeat&63), text})
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		out := ASCII(make([]byte, 0, repeat&255), in)
		if err := json.Unmarshal(in, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q is made %q: %v", in, out, err)
		}
		// Bytes that are no JSON, too.
		ASCII(nil, []byte(text))
	})
}
