package json

import (
	"errors"
	"math/bits"
)

// ErrSyntax: the text is not JSON.
var ErrSyntax = errors.New("not valid JSON")

const (
	ones     = 0x0101010101010101
	highBits = 0x8080808080808080
)

// marks has the high bit set of each byte of a word that ends a string or
// begins an escape. The lowest of them is right; those above it may be false,
// and nobody is to look at them.
func marks(w uint64) uint64 {
	quote, slash := w^ones*'"', w^ones*'\\'
	return ((quote-ones)&^quote | (slash-ones)&^slash) & highBits
}

// stringEnd is the index behind the string whose content begins at i, or -1.
// Most bytes of most records are in strings, so many are looked at together.
func stringEnd(b []byte, i int) int {
	for {
		for i+16 <= len(b) {
			if hit := marks(word(b, i)); hit != 0 {
				i += bits.TrailingZeros64(hit) >> 3
				goto found
			}
			if hit := marks(word(b, i+8)); hit != 0 {
				i += 8 + bits.TrailingZeros64(hit)>>3
				goto found
			}
			i += 16
		}
		for i < len(b) && b[i] != '"' && b[i] != '\\' {
			i++
		}
		if i >= len(b) {
			return -1
		}
	found:
		if b[i] == '"' {
			return i + 1
		}
		i += 2
	}
}

// escaped reports whether a string's content has an escape.
func escaped(content []byte) bool {
	i := 0
	for ; i+8 <= len(content); i += 8 {
		slash := word(content, i) ^ ones*'\\'
		if (slash-ones)&^slash&highBits != 0 {
			return true
		}
	}
	for ; i < len(content); i++ {
		if content[i] == '\\' {
			return true
		}
	}
	return false
}

// What a byte outside of strings means to a walk.
const (
	plain = iota
	space
	comma
	colon
	quote
	open
	shut
)

var classes = [256]uint8{
	' ': space, '\t': space, '\n': space, '\r': space,
	',': comma, ':': colon, '"': quote, '{': open, '[': open, '}': shut, ']': shut,
}

// pastSpace is the index of the first byte from i on that is no space.
func pastSpace(b []byte, i int) int {
	for i < len(b) && classes[b[i]] == space {
		i++
	}
	return i
}

// valueEnd is the index behind the value that begins at i, or -1.
func valueEnd(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch classes[b[i]] {
	case quote:
		return stringEnd(b, i+1)
	case open:
		return containerEnd(b, i+1)
	case plain:
		for i++; i < len(b) && classes[b[i]] == plain; i++ {
		}
		return i
	}
	return -1
}

// containerEnd is the index behind the array or object in which i is, outside
// of any string, or -1. Depth costs nothing, so hostile texts cannot exhaust
// the stack.
func containerEnd(b []byte, i int) int {
	depth := 1
	for i < len(b) {
		switch classes[b[i]] {
		case quote:
			if i = stringEnd(b, i+1); i < 0 {
				return -1
			}
			continue
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}

// Items walks over the elements of an array.
type Items struct {
	text Value
	at   int
}

// Items begins a walk; over anything but an array it finds nothing.
func (v Value) Items() Items {
	if v.Kind() != Array {
		return Items{}
	}
	return Items{v, 1}
}

// Next is the next element; false when there is none.
func (w *Items) Next() (Value, bool) {
	start := pastSpace(w.text, w.at)
	if start < len(w.text) && w.text[start] == ',' && w.at > 1 {
		start = pastSpace(w.text, start+1)
	}
	end := valueEnd(w.text, start)
	if end < 0 {
		w.text = nil
		return nil, false
	}
	w.at = end
	return w.text[start:end:end], true
}

// Members walks over the names and values of an object.
type Members struct {
	text Value
	at   int
}

// Members begins a walk; over anything but an object it finds nothing.
func (v Value) Members() Members {
	if v.Kind() != Object {
		return Members{}
	}
	return Members{v, 1}
}

// Next is the next name, which is a string, and its value; false when there is
// none.
func (w *Members) Next() (name, value Value, more bool) {
	b := w.text
	start := pastSpace(b, w.at)
	if start < len(b) && b[start] == ',' && w.at > 1 {
		start = pastSpace(b, start+1)
	}
	end := -1
	if start < len(b) && b[start] == '"' {
		end = stringEnd(b, start+1)
	}
	if end >= 0 {
		name = b[start:end:end]
		start = pastSpace(b, end)
		end = -1
		if start < len(b) && b[start] == ':' {
			start = pastSpace(b, start+1)
			end = valueEnd(b, start)
		}
	}
	if end < 0 {
		w.text = nil
		return nil, nil, false
	}
	w.at = end
	return name, b[start:end:end], true
}

// Member is the value of a name in an object, nil where there is none.
func (v Value) Member(name string) Value {
	var scratch [64]byte
	for w := v.Members(); ; {
		found, value, more := w.Next()
		if !more {
			return nil
		}
		if text, _ := found.Text(scratch[:0]); string(text) == name {
			return value
		}
	}
}

// Len is the number of elements of an array, or of members of an object.
func (v Value) Len() (n int) {
	for w := v.Items(); ; n++ {
		if _, more := w.Next(); !more {
			break
		}
	}
	for w := v.Members(); ; n++ {
		if _, _, more := w.Next(); !more {
			return n
		}
	}
}
