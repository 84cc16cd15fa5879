package json

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendFloat writes a number as JSON does: null where it is none.
func AppendFloat(b []byte, f float64) []byte {
	switch {
	case f == math.Trunc(f) && math.Abs(f) < 1e15:
		return strconv.AppendInt(b, int64(f), 10)
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

// AppendText writes text as a JSON string. Bytes that are no UTF-8 become
// U+FFFD, except the halves of surrogate pairs that Value.Text has kept, which
// become what they were.
func AppendText(b, text []byte) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && size == 1 && c == 0xED && i+2 < len(text) && text[i+1] >= 0xA0 && text[i+1] < 0xC0 && text[i+2]>>6 == 2 {
				half := rune(c&0xF)<<12 | rune(text[i+1]&0x3F)<<6 | rune(text[i+2]&0x3F)
				b = append(b, '\\', 'u', hex[half>>12], hex[half>>8&15], hex[half>>4&15], hex[half&15])
				i += 3
				continue
			}
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		i++
	}
	return append(b, '"')
}
