package wire

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// ASCII is a JSON text with escapes in the place of all that is not ASCII, made
// in scratch, or the text as it is where that is as good.
//
// An engine makes a string of ASCII by copying it, and parses it from one byte a
// letter. A single other letter has all of the text turned into UTF-16 first and
// parsed from that, which takes V8 two to three times as long. Where such letters
// are many, parsing their escapes takes more.
func ASCII(scratch, text []byte) []byte {
	first := nextOther(text, 0)
	if first == len(text) || dense*others(text[first:]) > len(text) {
		return text
	}
	b, done := scratch[:0], 0
	for i := first; i < len(text); {
		b = append(b, text[done:i]...)
		for i < len(text) && text[i] >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && size == 1 {
				return text // the engine has rules for what is not UTF-8
			}
			i += size
			if r >= 0x10000 {
				r -= 0x10000
				b = appendEscape(b, 0xD800+r>>10)
				r = 0xDC00 + r&0x3FF
			}
			b = appendEscape(b, r)
		}
		done = i
		i = nextOther(text, i)
	}
	return append(b, text[done:]...)
}

// dense is in how many bytes there may be one that is not ASCII.
const dense = 6

const highBits = 0x8080808080808080

// nextOther is where the first byte from i on is that is not ASCII.
func nextOther(text []byte, i int) int {
	for ; i+8 <= len(text); i += 8 {
		if w := binary.LittleEndian.Uint64(text[i:]) & highBits; w != 0 {
			return i + bits.TrailingZeros64(w)>>3
		}
	}
	for i < len(text) && text[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// others is how many bytes are not ASCII.
func others(text []byte) (n int) {
	i := 0
	for ; i+8 <= len(text); i += 8 {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(text[i:]) & highBits)
	}
	for ; i < len(text); i++ {
		n += int(text[i] >> 7)
	}
	return n
}

func appendEscape(b []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[r>>12], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}
