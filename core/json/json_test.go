package json_test

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core/json"
)

func find(t *testing.T, text string, paths ...string) []string {
	t.Helper()
	found, err := scan([]byte(text), paths...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return found
}

func scan(text []byte, paths ...string) (found []string, err error) {
	var all []json.Path
	for _, p := range paths {
		all = append(all, path(p))
	}
	s, slots := json.NewScanner(all...)
	values := make([]json.Span, s.Slots())
	if err := s.Scan(text, values); err != nil {
		return nil, err
	}
	for _, slot := range slots {
		found = append(found, string(values[slot].In(text)))
	}
	return found, nil
}

func path(s string) json.Path {
	if s == "" {
		return nil
	}
	return strings.Split(s, ".")
}

func TestScan(t *testing.T) {
	for _, c := range []struct{ name, text, paths, want string }{
		{"members", `{"a":1,"b":"x","c":[2],"d":{"e":null}}`, "a b c d d.e", `1|"x"|[2]|{"e":null}|null`},
		{"nothing there", `{"a":1}`, "b a.b", `|`},
		{"the whole", ` {"a":1} `, " ", `{"a":1}|{"a":1}`},
		{"a scalar", `7`, "", `7`},
		{"elements", `[[1,2],{"0":3}]`, "0.1 1.0 2 1", `2|3||{"0":3}`},
		{"a number as a name", `{"1":{"a":[5,6]}}`, "1.a.1", `6`},
		{"space everywhere", " { \"a\" : [ 1 , { \"b\" : 2 } ] , \"c\" : 3 } ", "a.1.b c", `2|3`},
		{"names with escapes", `{"\u0061\n":1}`, "a\n", `1`},
		{"names that begin alike", `{"timestamps":1,"timestamp":2,"timestam":3}`, "timestamp timestam", `2|3`},
		{"a name with a nul", `{"a\u0000":1,"a":2}`, "a", `2`},
		{"the first of two", `{"a":1,"a":2,"b":3}`, "a b", `1|3`},
		{"quotes and brackets in strings", `{"x":"\"]}\\","y":["}"],"a":1}`, "a", `1`},
		{"empty containers", `{"a":{},"b":[],"c":1}`, "a.x b.0 c", `||1`},
		{"a prefix that is a scalar", `{"a":"b"}`, "a.b.c a", `|"b"`},
	} {
		got := strings.Join(find(t, c.text, strings.Split(c.paths, " ")...), "|")
		if got != c.want {
			t.Errorf("%s: %s at %q: %s, want %s", c.name, c.text, c.paths, got, c.want)
		}
	}
}

func TestScanOfMoreNamesThanAWordHasBits(t *testing.T) {
	var text strings.Builder
	var paths, want []string
	for i := range 150 {
		fmt.Fprintf(&text, `,"n%d":%d,"n%d":-1`, i, i, i)
		paths, want = append(paths, fmt.Sprintf("n%d", 149-i)), append(want, fmt.Sprint(149-i))
	}
	got := find(t, "{"+text.String()[1:]+"}", paths...)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%v", got)
	}
}

func TestScanRefusesWhatIsNoJSON(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `{"a`, `{"a"`, `{"a":`, `{"a" 1}`, `{a:1}`, `{"b":1 "a":2}`, `{"b":x,"a":1`, `[1`, `[1 2]`, `}`, `{"a":}`, `{"b":{"c":1,"a":2}`,
		`{"a":x}`, "\x00\xff",
	} {
		if found, err := scan([]byte(text), "a", "0", "1.x"); err == nil {
			t.Errorf("%q: found %q", text, found)
		}
	}
}

func TestScanEndsWithTheLastValue(t *testing.T) {
	if got := find(t, `{"a":1,"b":2, and so on`, "b", "a"); fmt.Sprint(got) != "[2 1]" {
		t.Fatalf("%v", got)
	}
}

func TestDepth(t *testing.T) {
	deep := strings.Repeat(`[{"a":`, 1<<18) + "1" + strings.Repeat("}]", 1<<18)
	if got := find(t, `{"x":`+deep+`,"y":2}`, "y"); got[0] != "2" {
		t.Fatalf("%v", got)
	}
}

func TestFloat(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := []string{"0", "-0", "1", "-1", "1.5", "123456789012345678", "9007199254740993", "0.1", "1e3", "1E-7", "-2.5e+3", "1e400", "-1e400", "0.000001", "1.7976931348623157e308", "4503599627370497.5", "5629499534213129", "0.30000000000000004"}
	for range 20000 {
		f := math.Float64frombits(r.Uint64())
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			b, _ := stdjson.Marshal(f)
			texts = append(texts, string(b))
		}
		texts = append(texts, fmt.Sprint(r.IntN(1<<r.IntN(62))), fmt.Sprintf("%.*f", r.IntN(18), r.Float64()*1000))
	}
	for _, text := range texts {
		got, ok := json.Value(text).Float()
		var want float64
		fmt.Sscan(text, &want)
		if err := stdjson.Unmarshal([]byte(text), &want); err != nil {
			want = math.Inf(1)
			if text[0] == '-' {
				want = math.Inf(-1)
			}
		}
		if !ok || got != want || math.Signbit(got) != math.Signbit(want) {
			t.Fatalf("%s: %v, %v; want %v", text, got, ok, want)
		}
		if out := json.AppendFloat(nil, got); !math.IsInf(got, 0) {
			if back, _ := json.Value(out).Float(); back != got {
				t.Fatalf("%v was written as %s", got, out)
			}
		}
	}
	for _, text := range []string{"", "-", "x", `"1"`, "null", "1x", "0x10", "1_000", "inf", "nan", "--1", "1e", "[1]"} {
		if f, ok := json.Value(text).Float(); ok {
			t.Errorf("%q is %v", text, f)
		}
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		`""`: "", `"a"`: "a", `"\"\\\/\b\f\n\r\t"`: "\"\\/\b\f\n\r\t", `"\u00e9\u4e16"`: "é世", `"\ud83d\ude00!"`: "😀!",
		`"\ud83d"`: "\xed\xa0\xbd", `"\ude00\ud83d"`: "\xed\xb8\x80\xed\xa0\xbd", `"é😀"`: "é😀", `"\ud83dA\ude00"`: "\xed\xa0\xbdA\xed\xb8\x80",
	} {
		got, ok := json.Value(text).Text(nil)
		if !ok || string(got) != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		back, ok := json.Value(json.AppendText(nil, got)).Text(nil)
		if !ok || string(back) != want {
			t.Errorf("%q came back as %q", want, back)
		}
		if !stdjson.Valid(json.AppendText(nil, got)) {
			t.Errorf("%q was written as %s", got, json.AppendText(nil, got))
		}
	}
	if got := json.AppendText(nil, []byte("a\xffb")); string(got) != `"a�b"` {
		t.Errorf("%s", got)
	}
}

func TestEqual(t *testing.T) {
	same := [][]string{
		{`1`, `1.0`, `1e0`}, {`"a"`, `"\u0061"`}, {`[1,2]`, `[ 1.0 , 2 ]`}, {`{"a":1,"b":[2]}`, `{"b":[2.0],"\u0061":1}`},
		{`null`}, {`true`}, {`false`}, {`{}`, `{ }`}, {`[]`, `[ ]`}, {`{"a":1}`}, {`[1]`}, {`""`}, {`0`, `-0`}, {`{"a":1,"b":2}`}, {``},
	}
	for i, group := range same {
		for j, other := range same {
			for _, a := range group {
				for _, b := range other {
					if got := json.Equal(json.Value(a), json.Value(b)); got != (i == j) {
						t.Errorf("%q and %q: %v", a, b, got)
					}
				}
			}
		}
	}
}

func TestCompareText(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	units := []uint16{0, 'a', 'b', 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xD800, 0xD83D, 0xDBFF, 0xDC00, 0xDE00, 0xDFFF, 0xE000, 0xFFFD, 0xFFFF}
	text := func() (u []uint16, b []byte) {
		quoted := "\""
		for range r.IntN(5) {
			u = append(u, units[r.IntN(len(units))])
			quoted += fmt.Sprintf("\\u%04x", u[len(u)-1])
		}
		b, _ = json.Value(quoted + "\"").Text(nil)
		return u, b
	}
	for range 200000 {
		ua, a := text()
		ub, b := text()
		want := slices.Compare(ua, ub)
		if got := json.CompareText(a, b); (got < 0) != (want < 0) || (got > 0) != (want > 0) {
			t.Fatalf("%x and %x: %d, want %d", ua, ub, got, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{"a":{"b":[1,"x",null,{"c":true}]},"\u0061":2}`, `[]`, `"a\ud800"`, `-1.5e-7`, `{"a":"\\\"","b":{}}`, "{\"a\"\n:\t[ ]}", `[[[{"a":[`,
		`{"key":"%abcdefghijklmnopqrstuvwxyz=.sha256","value":{"previous":null,"sequence":1,"content":{"type":"post","text":"a \"b\" c"}},"timestamp":1.5e12}`,
	} {
		f.Add([]byte(seed))
	}
	paths := []string{"", "a", "a.b", "0", "a.0.b", "a.b.3.c", "value.content.type", "value.sequence", "timestamp"}
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := scan(text, paths...)
		v := json.Value(text)
		v.Float()
		v.Text(nil)
		v.Truthy()
		json.CompareText(text, append([]byte(`a\xf0`), text...))
		json.CompareText(text[len(text)/2:], text)
		v.Len()
		json.Equal(v, json.Value(`{"a":[1,{}]}`))
		if out := json.AppendText(nil, text); !stdjson.Valid(out) {
			t.Fatalf("%q was written as %q", text, out)
		}
		if !stdjson.Valid(text) {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if !json.Equal(v, json.Value(bytes.TrimSpace(text))) && len(bytes.TrimSpace(text)) == len(text) {
			t.Fatalf("%q does not equal itself", text)
		}
		for i, p := range paths {
			want := reference(text, path(p))
			got := json.Value(found[i])
			if (want == nil) != (len(got) == 0) || want != nil && !bytes.Equal(bytes.TrimSpace(want), got) {
				t.Fatalf("%q at %q: %q, want %q", text, p, got, want)
			}
		}
	})
}

// reference finds a value by the standard library; of names given twice the
// first, as the scanner does.
func reference(text []byte, p json.Path) []byte {
	if len(p) == 0 {
		return text
	}
	d := stdjson.NewDecoder(bytes.NewReader(text))
	first, _ := d.Token()
	isObject := first == stdjson.Delim('{')
	if !isObject && first != stdjson.Delim('[') {
		return nil
	}
	for i := 0; d.More(); i++ {
		name := fmt.Sprint(i)
		if isObject {
			token, _ := d.Token()
			name = token.(string)
		}
		var raw stdjson.RawMessage
		if d.Decode(&raw) != nil {
			return nil
		}
		if name == p[0] {
			return reference(raw, p[1:])
		}
	}
	return nil
}

// message is like what scuttlebutt's logs hold, about 600 bytes.
func message(r *rand.Rand, i int) []byte {
	hash := func(n int) string {
		const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[r.IntN(64)]
		}
		return string(b)
	}
	types := []string{"post", "vote", "contact", "about", "channel"}
	return fmt.Appendf(nil, `{"key":"%%%s=.sha256","value":{"previous":"%%%s=.sha256","sequence":%d,"author":"@%s=.ed25519","timestamp":%d,"hash":"sha256","content":{"type":"%s","text":"%s","mentions":[],"vote":{"link":"%%%s=.sha256","value":1}},"signature":"%s==.sig.ed25519"},"timestamp":%d.5}`,
		hash(43), hash(43), i, hash(43), 1500000000000+i, types[r.IntN(5)], strings.Repeat("lorem ipsum ", r.IntN(12)), hash(43), hash(86), 1500000000000+i)
}

func BenchmarkScan(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var all [][]byte
	size := 0
	for i := range 1000 {
		all = append(all, message(r, i))
		size += len(all[i])
	}
	for _, paths := range []string{"value.content.type", "value.content.type value.author value.timestamp", "timestamp value.content.type value.author value.timestamp value.sequence", "absent"} {
		b.Run(fmt.Sprintf("%d/%.12s", len(strings.Split(paths, " ")), paths), func(b *testing.B) {
			var list []json.Path
			for p := range strings.SplitSeq(paths, " ") {
				list = append(list, path(p))
			}
			s, _ := json.NewScanner(list...)
			found := make([]json.Span, s.Slots())
			b.SetBytes(int64(size) / 1000)
			b.ReportAllocs()
			for i := range b.N {
				if err := s.Scan(all[i%1000], found); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
