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
	if first == len(text) {
		return text
	}
	// A letter of two bytes becomes six; of such there may be so many only.
	if most := len(text) + 2*(len(text)/dense+utf8.UTFMax) + 2*escapeSize; cap(scratch) < most {
		scratch = make([]byte, most)
	}
	b := scratch[:cap(scratch)]
	at, others := copy(b, text[:first]), 0
	for i := first; i < len(text); {
		for i < len(text) && text[i] >= utf8.RuneSelf {
			r, size := decode(text[i:])
			if others += size; r == utf8.RuneError && size == 1 || dense*others > len(text) {
				return text // the engine has rules for what is not UTF-8
			}
			i += size
			if r >= 0x10000 {
				r -= 0x10000
				putEscape(b[at:], 0xD800+r>>10)
				at += escapeSize
				r = 0xDC00 + r&0x3FF
			}
			putEscape(b[at:], r)
			at += escapeSize
		}
		n := copyASCII(b[at:], text[i:])
		i, at = i+n, at+n
	}
	return b[:at]
}

// decode is utf8.DecodeRune, faster for letters of two bytes and of three.
func decode(b []byte) (r rune, size int) {
	if len(b) >= 3 && b[1]&0xC0 == 0x80 {
		switch c := b[0]; {
		case c >= 0xC2 && c < 0xE0:
			return rune(c&0x1F)<<6 | rune(b[1]&0x3F), 2
		case c&0xF0 == 0xE0 && b[2]&0xC0 == 0x80:
			r = rune(c&0xF)<<12 | rune(b[1]&0x3F)<<6 | rune(b[2]&0x3F)
			if r >= 0x800 && (r < 0xD800 || r > 0xDFFF) {
				return r, 3
			}
		}
	}
	return utf8.DecodeRune(b)
}

// dense is in how many bytes there may be one that is not ASCII.
const dense = 6

const highBits = 0x8080808080808080

// nextOther is where the first byte from i on is that is not ASCII.
func nextOther(text []byte, i int) int {
	for ; i+32 <= len(text); i += 32 {
		part := text[i : i+32 : i+32]
		w := binary.LittleEndian.Uint64(part) | binary.LittleEndian.Uint64(part[8:]) |
			binary.LittleEndian.Uint64(part[16:]) | binary.LittleEndian.Uint64(part[24:])
		if w&highBits != 0 {
			break
		}
	}
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

// copyASCII copies text up to the first byte that is not ASCII, and answers how
// much that is.
func copyASCII(to, text []byte) int {
	i := 0
	to = to[:len(text)]
	for ; i+32 <= len(text); i += 32 {
		t, p := to[i:i+32:i+32], text[i:i+32:i+32]
		a, b := binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[8:])
		c, d := binary.LittleEndian.Uint64(p[16:]), binary.LittleEndian.Uint64(p[24:])
		if (a|b|c|d)&highBits != 0 {
			break
		}
		binary.LittleEndian.PutUint64(t, a)
		binary.LittleEndian.PutUint64(t[8:], b)
		binary.LittleEndian.PutUint64(t[16:], c)
		binary.LittleEndian.PutUint64(t[24:], d)
	}
	for ; i+8 <= len(text); i += 8 {
		a := binary.LittleEndian.Uint64(text[i:])
		if a&highBits != 0 {
			break
		}
		binary.LittleEndian.PutUint64(to[i:], a)
	}
	for i < len(text) && text[i] < utf8.RuneSelf {
		to[i] = text[i]
		i++
	}
	return i
}

// escapeSize is how many bytes an escape has.
const escapeSize = 6

func putEscape(b []byte, r rune) {
	const digits = "0123456789abcdef"
	b = b[:escapeSize]
	b[0], b[1] = '\\', 'u'
	b[2], b[3], b[4], b[5] = digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15]
}
