package mfr

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/flumedb/flumedb-wasm/core/json"
)

var (
	jsonNull  = json.Value("null")
	jsonTrue  = json.Value("true")
	jsonFalse = json.Value("false")
)

// nan is the number that is none, which JSON does not have: it lives between
// stages only, and leaves them as null.
var nan = json.Value("NaN")

func isNaN(v json.Value) bool { return len(v) > 0 && v[0] == 'N' }

// kindOf is the kind of a value of ours.
func kindOf(v json.Value) json.Kind {
	if isNaN(v) {
		return json.Number
	}
	return v.Kind()
}

func boolean(b bool) json.Value {
	if b {
		return jsonTrue
	}
	return jsonFalse
}

func nullish(v json.Value) bool {
	return len(v) == 0 || v[0] == 'n'
}

// Append writes a value behind b as JSON has it.
func Append(b []byte, v json.Value) []byte {
	if len(v) == 0 || isNaN(v) {
		return append(b, jsonNull...)
	}
	return append(b, v...)
}

// appendNumber writes a number as JavaScript does.
func appendNumber(b []byte, f float64) []byte {
	switch size := math.Abs(f); {
	case math.IsNaN(f):
		return append(b, nan...)
	case math.IsInf(f, 0):
		if f < 0 {
			b = append(b, '-')
		}
		return append(b, "1e999"...) // which JavaScript reads as what it is
	case f == math.Trunc(f) && size < 1e15:
		return strconv.AppendInt(b, int64(f), 10)
	case size >= 1e21 || size < 1e-6:
		at := len(b)
		b = strconv.AppendFloat(b, f, 'e', -1, 64)
		// Without the zero that Go puts before an exponent of one digit.
		if n := len(b); n-at > 4 && b[n-2] == '0' && (b[n-3] == '-' || b[n-3] == '+') {
			b[n-2] = b[n-1]
			b = b[:n-1]
		}
		return b
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

// typeOf is JavaScript's typeof.
func typeOf(v json.Value) string {
	switch kindOf(v) {
	case json.Absent:
		return "undefined"
	case json.False, json.True:
		return "boolean"
	case json.Number:
		return "number"
	case json.String:
		return "string"
	}
	return "object"
}

// walk is the value at a path of another.
func walk(v json.Value, path []string) json.Value {
	for _, name := range path {
		v = step(v, name)
	}
	return v
}

// step is the value of a name in another: a member of an object, an element of
// an array or a character of a string by its index, or the length of these.
func step(v json.Value, name string) json.Value {
	switch v.Kind() {
	case json.Object:
		return v.Member(name)
	case json.Array, json.String:
		if name == "length" {
			return appendNumber(nil, float64(length(v)))
		}
		if n := index(name); n >= 0 {
			return element(v, n)
		}
	}
	return nil
}

// index is the index that a name is, or -1.
func index(name string) int {
	n, err := strconv.Atoi(name)
	if err != nil || n < 0 || name[0] == '+' || len(name) > 1 && name[0] == '0' {
		return -1
	}
	return n
}

// length is JavaScript's: for a string, the number of its UTF-16 units.
func length(v json.Value) (n int) {
	if v.Kind() != json.String {
		return v.Len()
	}
	text, _ := v.Text(nil)
	for len(text) > 0 {
		_, size := character(text)
		text = text[size:]
		if n++; size == 4 {
			n++
		}
	}
	return n
}

// element is an element of an array, or a UTF-16 unit of a string.
func element(v json.Value, n int) json.Value {
	if v.Kind() == json.Array {
		for w := v.Items(); ; n-- {
			item, more := w.Next()
			if !more {
				return nil
			}
			if n == 0 {
				return item
			}
		}
	}
	text, _ := v.Text(nil)
	for ; len(text) > 0; n-- {
		r, size := character(text)
		switch {
		case n == 0 && size == 4:
			return half(0xD800 + (r-0x10000)>>10)
		case n == 1 && size == 4:
			return half(0xDC00 + (r-0x10000)&0x3FF)
		case n == 0:
			return json.AppendText(nil, text[:size])
		case size == 4:
			n--
		}
		text = text[size:]
	}
	return nil
}

// character is the first character of a text. A lone half of a pair, as
// package json keeps it, is one of three bytes.
func character(text []byte) (r rune, size int) {
	r, size = utf8.DecodeRune(text)
	if size == 1 && text[0] == 0xED && len(text) >= 3 {
		return rune(text[0]&0xF)<<12 | rune(text[1]&0x3F)<<6 | rune(text[2]&0x3F), 3
	}
	return r, size
}

func half(r rune) json.Value {
	return append(strconv.AppendInt(json.Value(`"\u`), int64(r), 16), '"')
}

// identical is JavaScript's ===, but that arrays and objects are so by what is
// in them.
func identical(a, b json.Value) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return !isNaN(a) && json.Equal(a, b)
}

// numeric is what JavaScript makes of a value where it needs a number.
func numeric(v json.Value) float64 {
	switch kindOf(v) {
	case json.Null, json.False:
		return 0
	case json.True:
		return 1
	case json.Number:
		if f, ok := v.Float(); ok {
			return f
		}
	case json.String, json.Array, json.Object:
		return parseNumber(primitive(nil, v))
	}
	return math.NaN()
}

// countable is the number that a value counts as when numbers are compared or
// multiplied; false where it is none, or nothing.
func countable(v json.Value) (float64, bool) {
	if kindOf(v) == json.Number {
		return v.Float()
	}
	if nullish(v) || kindOf(v) >= json.String && len(trim(primitive(nil, v))) == 0 {
		return 0, false
	}
	f := numeric(v)
	return f, !math.IsNaN(f)
}

func trim(text []byte) []byte {
	for len(text) > 0 && blank(text) > 0 {
		text = text[blank(text):]
	}
	for end := len(text); ; {
		// Back to where the last character begins.
		at := end - 1
		for at > 0 && text[at]&0xC0 == 0x80 {
			at--
		}
		if at < 0 || blank(text[at:end]) != end-at {
			return text[:end]
		}
		end = at
	}
}

// blank is how many bytes the white space is that a text begins with.
func blank(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	r, size := utf8.DecodeRune(text)
	switch r {
	case ' ', '\t', '\n', '\v', '\f', '\r', 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF:
		return size
	}
	if r >= 0x2000 && r <= 0x200A {
		return size
	}
	return 0
}

// parseNumber is JavaScript's Number of a text.
func parseNumber(text []byte) float64 {
	text = trim(text)
	s := string(text)
	switch s {
	case "":
		return 0
	case "Infinity", "+Infinity":
		return math.Inf(1)
	case "-Infinity":
		return math.Inf(-1)
	}
	if len(s) > 2 && s[0] == '0' {
		base := 0
		switch s[1] | 0x20 {
		case 'x':
			base = 16
		case 'o':
			base = 8
		case 'b':
			base = 2
		}
		if base > 0 {
			f := 0.0
			for _, c := range []byte(s[2:]) {
				d := 99
				switch {
				case c >= '0' && c <= '9':
					d = int(c - '0')
				case c|0x20 >= 'a' && c|0x20 <= 'f':
					d = int(c|0x20-'a') + 10
				}
				if d >= base {
					return math.NaN()
				}
				f = f*float64(base) + float64(d)
			}
			return f
		}
	}
	for _, c := range text {
		if c-'0' > 9 && c != '.' && c != '-' && c != '+' && c|0x20 != 'e' {
			return math.NaN()
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}

// primitive puts behind b the text that JavaScript makes of a value. It does
// not go deeper for deep values: an array's text is those of all that is in
// it, however deep, between the commas that are in it.
func primitive(b []byte, v json.Value) []byte {
	switch kindOf(v) {
	case json.Object:
		return append(b, "[object Object]"...)
	case json.String:
		text, _ := v.Text(nil)
		return append(b, text...)
	case json.Number:
		return appendNumber(b, numeric(v))
	case json.Array:
	default:
		return append(b, v...)
	}
	t := tokens{text: v}
	for {
		token, ok := t.next(true)
		if !ok {
			return b
		}
		switch token[0] {
		case '[', ']', 'n':
		case ',':
			b = append(b, ',')
		case '{':
			b = append(b, "[object Object]"...)
		default:
			b = primitive(b, token)
		}
	}
}

// tokens walks over the tokens of a value.
type tokens struct {
	text json.Value
	at   int
}

// next is the next token: a mark, or a scalar; an object as a whole if whole
// says so. Text that is not JSON has an end.
func (t *tokens) next(whole bool) (json.Value, bool) {
	for t.at < len(t.text) && t.text[t.at] <= ' ' {
		t.at++
	}
	if t.at >= len(t.text) {
		return nil, false
	}
	start := t.at
	switch c := t.text[start]; c {
	case '[', ']', ',', ':', '}':
		t.at++
	case '{':
		t.at++
		for depth := 1; whole && depth > 0; {
			token, ok := t.next(false)
			if !ok {
				return nil, false
			}
			switch token[0] {
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
		}
	case '"':
		for t.at++; t.at < len(t.text) && t.text[t.at] != '"'; t.at++ {
			if t.text[t.at] == '\\' {
				t.at++
			}
		}
		if t.at >= len(t.text) {
			return nil, false
		}
		t.at++
	default:
		for ; t.at < len(t.text); t.at++ {
			if c := t.text[t.at]; c <= ' ' || c == ',' || c == ']' || c == '}' || c == ':' {
				break
			}
		}
	}
	return t.text[start:t.at:t.at], true
}

// InCanon is the canonical text of a value: the value itself, if it is such a
// text, or else put into scratch.
func InCanon(scratch *[]byte, v json.Value) []byte {
	if len(v) == 0 || plainInteger(v) || v[0] == '"' && bytes.IndexByte(v, '\\') < 0 {
		return v
	}
	*scratch = Canonical((*scratch)[:0], v)
	return *scratch
}

// Canonical puts behind b a text that is the same for the same values: without
// space, each number and each string in one way. The members of objects stay
// in their order.
func Canonical(b []byte, v json.Value) []byte {
	switch v.Kind() {
	case json.Array, json.Object:
		t := tokens{text: v}
		for {
			token, ok := t.next(false)
			if !ok {
				return b
			}
			b = canonicalScalar(b, token)
		}
	}
	return canonicalScalar(b, v)
}

func canonicalScalar(b []byte, v json.Value) []byte {
	switch kindOf(v) {
	case json.Number:
		if plainInteger(v) {
			return append(b, v...)
		}
		if f, ok := v.Float(); ok {
			return appendNumber(b, f)
		}
	case json.String:
		if bytes.IndexByte(v, '\\') >= 0 {
			text, _ := v.Text(nil)
			return json.AppendText(b, text)
		}
	}
	return append(b, v...)
}

// plainInteger reports whether a number is written as this package writes it
// without looking closer.
func plainInteger(v json.Value) bool {
	if len(v) == 0 || len(v) > 15 || v[0] == '-' {
		return false
	}
	for _, c := range v {
		if c-'0' > 9 {
			return false
		}
	}
	return true // JSON has no zero at the front
}

// texty reports whether JavaScript compares a value by its text, if that which
// it is compared to is such a one too.
func texty(v json.Value) bool { return v.Kind() >= json.String }

// less is JavaScript's <.
func less(a, b json.Value) bool {
	if texty(a) && texty(b) {
		return json.CompareText(primitive(nil, a), primitive(nil, b)) < 0
	}
	return numeric(a) < numeric(b)
}

// lessOrEqual is JavaScript's <=.
func lessOrEqual(a, b json.Value) bool {
	if texty(a) && texty(b) {
		return !less(b, a)
	}
	return numeric(a) <= numeric(b)
}

// order of the kinds, as typewise has them.
var order = [...]int{json.Absent: 7, json.Null: 0, json.False: 1, json.True: 1, json.Number: 2, json.String: 4, json.Object: 5, json.Array: 6}

// Compare is the order in which values are sorted: null, booleans, numbers,
// strings, objects, arrays, undefined; arrays by their first elements that
// differ.
func Compare(a, b json.Value) int { return compareDown(a, b, 50) }

// compareDown goes as deep as levels says, so that deep records do not.
func compareDown(a, b json.Value, levels int) int {
	x, y := kindOf(a), kindOf(b)
	if d := order[x] - order[y]; d != 0 {
		return d
	}
	switch x {
	case json.False, json.True:
		return int(x) - int(y)
	case json.Number:
		return compareFloats(numeric(a), numeric(b))
	case json.String:
		s, _ := a.Text(nil)
		t, _ := b.Text(nil)
		return json.CompareText(s, t)
	case json.Object:
		return json.CompareText(Canonical(nil, a), Canonical(nil, b))
	case json.Array:
		if levels == 0 {
			return json.CompareText(Canonical(nil, a), Canonical(nil, b))
		}
		for i, j := a.Items(), b.Items(); ; {
			v, more := i.Next()
			w, also := j.Next()
			switch {
			case !more && !also:
				return 0
			case !more:
				return -1
			case !also:
				return 1
			}
			if d := compareDown(v, w, levels-1); d != 0 {
				return d
			}
		}
	}
	return 0
}

// compareFloats has NaN behind all others.
func compareFloats(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	case !math.IsNaN(x):
		return -1
	case !math.IsNaN(y):
		return 1
	}
	return 0
}
