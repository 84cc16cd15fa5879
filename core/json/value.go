package json

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Value is one JSON value as it stands in a text, without space around it; nil
// where there is none.
type Value []byte

// Kind is what sort of value a Value is.
type Kind uint8

// The kinds of values.
const (
	Absent Kind = iota
	Null
	False
	True
	Number
	String
	Array
	Object
)

var kinds = [256]Kind{
	'n': Null, 'f': False, 't': True, '"': String, '[': Array, '{': Object, '-': Number,
	'0': Number, '1': Number, '2': Number, '3': Number, '4': Number,
	'5': Number, '6': Number, '7': Number, '8': Number, '9': Number,
}

// Kind is told by the first byte.
func (v Value) Kind() Kind {
	if len(v) == 0 {
		return Absent
	}
	return kinds[v[0]]
}

// Truthy is what JavaScript takes for true.
func (v Value) Truthy() bool {
	switch v.Kind() {
	case True, Array, Object:
		return true
	case Number:
		f, ok := v.Float()
		return ok && f != 0
	case String:
		return len(v) > 2
	}
	return false
}

// pow10 are the powers of ten that a float64 holds exactly.
var pow10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// Float is the value of a number, as JavaScript would parse it; false where v
// is none.
func (v Value) Float() (float64, bool) {
	i, negative := 0, false
	if len(v) > 0 && v[0] == '-' {
		i, negative = 1, true
	}
	// A number of less than 2^53 times or by a power of ten that is exact is
	// exact after one operation. Nearly all are such.
	mantissa, point := uint64(0), -1
	begin := i
	for ; i < len(v); i++ {
		c := v[i] - '0'
		if c > 9 {
			if v[i] != '.' || point >= 0 {
				break
			}
			point = i
			continue
		}
		if mantissa > 1<<49 {
			break
		}
		mantissa = mantissa*10 + uint64(c)
	}
	if i < len(v) || i == begin || point == begin || point == i-1 {
		return v.parseFloat()
	}
	f := float64(mantissa)
	if point >= 0 {
		if i-point > len(pow10) {
			return v.parseFloat()
		}
		f /= pow10[i-point-1]
	}
	if mantissa >= 1<<53 {
		return v.parseFloat()
	}
	if negative {
		f = -f
	}
	return f, true
}

func (v Value) parseFloat() (float64, bool) {
	if v.Kind() != Number {
		return 0, false
	}
	// JSON's numbers are of these letters; ParseFloat would also take others.
	for _, c := range v {
		if c-'0' > 9 && c != '.' && c != '-' && c != '+' && c|0x20 != 'e' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(v), len(v)), 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// Int is the value of a number that is whole and that a float64 holds exactly.
func (v Value) Int() (int64, bool) {
	f, ok := v.Float()
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// Text is the content of a string. It stands in the text where it has no
// escapes, and is put behind scratch where it has; false where v is no string.
func (v Value) Text(scratch []byte) (text []byte, ok bool) {
	if len(v) < 2 || v[0] != '"' {
		return nil, false
	}
	content := v[1 : len(v)-1]
	if !escaped(content) {
		return content, true
	}
	return appendUnescaped(scratch, content)[len(scratch):], true
}

// Str is the content of a string, and "" of anything else. It is not called
// String, so that a value is printed as it stands.
func (v Value) Str() string {
	text, _ := v.Text(nil)
	return string(text)
}

// appendUnescaped resolves the escapes of a string's content. A lone half of a
// surrogate pair, which UTF-8 cannot hold, is kept as the three bytes it would
// have there (WTF-8), so that different strings stay different and in order.
func appendUnescaped(dst, content []byte) []byte {
	for i := 0; i < len(content); {
		c := content[i]
		if c != '\\' || i+1 == len(content) {
			dst = append(dst, c)
			i++
			continue
		}
		c = content[i+1]
		i += 2
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, ok := hex4(content, i)
			if !ok {
				dst = append(dst, '\\')
				break
			}
			i += 4
			if utf16.IsSurrogate(r) && i+1 < len(content) && content[i] == '\\' && content[i+1] == 'u' {
				low, ok := hex4(content, i+2)
				if full := utf16.DecodeRune(r, low); ok && full != utf8.RuneError {
					r = full
					i += 6
				}
			}
			dst = appendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

func appendRune(dst []byte, r rune) []byte {
	if utf16.IsSurrogate(r) {
		return append(dst, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
	}
	return utf8.AppendRune(dst, r)
}

func hex4(b []byte, i int) (r rune, ok bool) {
	if i+4 > len(b) {
		return 0, false
	}
	for _, c := range b[i : i+4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20-'a' <= 5:
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// Equal reports whether two values are the same: numbers by their value,
// strings by their characters, arrays in order, objects in any order. Absent
// equals absent only.
func Equal(a, b Value) bool {
	if bytes.Equal(a, b) {
		return true
	}
	kind := a.Kind()
	if kind != b.Kind() {
		return false
	}
	switch kind {
	case Number:
		x, _ := a.Float()
		y, _ := b.Float()
		return x == y
	case String:
		x, _ := a.Text(nil)
		y, _ := b.Text(nil)
		return bytes.Equal(x, y)
	case Array:
		x, y := a.Items(), b.Items()
		for {
			v, more := x.Next()
			w, also := y.Next()
			if more != also || more && !Equal(v, w) {
				return false
			}
			if !more {
				return true
			}
		}
	case Object:
		n := 0
		for m := a.Members(); ; n++ {
			name, v, more := m.Next()
			if !more {
				break
			}
			if !Equal(v, b.Member(name.Str())) {
				return false
			}
		}
		for m := b.Members(); ; n-- {
			if _, _, more := m.Next(); !more {
				return n == 0
			}
		}
	}
	return kind != Absent
}

// CompareText orders the texts of strings as JavaScript does: by the units of
// UTF-16, in which what lies beyond U+FFFF comes before U+E000.
func CompareText(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i < n && a[i] == b[i] {
		i++
	}
	if i == n {
		return len(a) - len(b)
	}
	x, y := a[i], b[i]
	if x|y < 0xEE {
		return int(x) - int(y)
	}
	// Only leading bytes are so large: two different characters begin here.
	u, v := unit(a[i:]), unit(b[i:])
	switch {
	case u != v:
		return int(u) - int(v)
	case x >= 0xF0 && len(b) >= i+3:
		return afterHalf(a[i:], b[i+3:])
	case y >= 0xF0 && len(a) >= i+3:
		return -afterHalf(b[i:], a[i+3:])
	}
	return int(x) - int(y) // no UTF-8
}

// afterHalf compares the second half of the pair that a text begins with to
// what follows a lone first half.
func afterHalf(pair, rest []byte) int {
	if len(rest) == 0 {
		return 1
	}
	r, _ := utf8.DecodeRune(pair)
	_, low := utf16.EncodeRune(r)
	return int(low) - int(unit(rest))
}

// unit is the first unit of UTF-16 of a text's first character, or what is in
// the same order: the first byte of a character below U+0800.
func unit(text []byte) rune {
	switch c := text[0]; {
	case c >= 0xF0 && len(text) >= 4:
		r, _ := utf8.DecodeRune(text)
		high, _ := utf16.EncodeRune(r)
		return high
	case c >= 0xE0 && len(text) >= 3:
		return rune(c&0xF)<<12 | rune(text[1]&0x3F)<<6 | rune(text[2]&0x3F)
	default:
		return rune(c)
	}
}
