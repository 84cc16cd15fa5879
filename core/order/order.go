// Package order turns JSON values into bytes that compare as the values do, so
// that they can be the keys of a sorted store, and back. The order is that of
// npm's charwise, and so is the framing, but numbers take nine bytes in the
// place of up to thirty, and no two values have the same bytes.
//
//	null         "A"
//	false, true  "B", "C"
//	number       "F" and 8 bytes: the bits of the float64, big-endian, all of
//	             them flipped where it is negative, else only the sign
//	string       "J" and UTF-8
//	array        "K" item `"` item … "!"
//	undefined    "L"
//	object       "M" name `"` item `"` … "!", by name
//
// Within arrays and objects a string's `"`, "!" and "?" become "?%", "??" and
// "?@", so that it ends where `"` or "!" stands. Names are written as strings
// are. What sorts between is as in charwise: a string with a space or a control
// character sorts, within an array, before the same string without what
// follows, since these are less than "!".
//
// undefined, which JSON has not, is the bare word: it is greater than all that
// a key may end with, and so is good for bounds. Objects, which charwise has
// not, come behind it.
package order

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/flumedb/flumedb-wasm/core/json"
)

const (
	tagNull      = 'A'
	tagFalse     = 'B'
	tagTrue      = 'C'
	tagNumber    = 'F'
	tagString    = 'J'
	tagArray     = 'K'
	tagUndefined = 'L'
	tagObject    = 'M'

	separator = '"'
	end       = '!'
)

// ErrValue: it is no value that can be ordered.
var ErrValue = errors.New("not a value that can be a key")

// Append writes a value behind b.
func Append(b []byte, v json.Value) ([]byte, error) { return appendValue(b, v, false, 0) }

// maxDepth bounds recursion over hostile values.
const maxDepth = 200

func appendValue(b []byte, v json.Value, inside bool, depth int) ([]byte, error) {
	switch v.Kind() {
	case json.Null:
		return append(b, tagNull), nil
	case json.False:
		return append(b, tagFalse), nil
	case json.True:
		return append(b, tagTrue), nil
	case json.Number:
		f, ok := v.Float()
		if !ok {
			return b, ErrValue
		}
		return AppendFloat(b, f), nil
	case json.String:
		var scratch [128]byte
		text, _ := v.Text(scratch[:0])
		return appendText(append(b, tagString), text, inside), nil
	case json.Array:
		if depth == maxDepth {
			return b, ErrValue
		}
		b = append(b, tagArray)
		first := true
		for w := v.Items(); ; first = false {
			item, more := w.Next()
			if !more {
				return append(b, end), nil
			}
			if !first {
				b = append(b, separator)
			}
			var err error
			if b, err = appendValue(b, item, true, depth+1); err != nil {
				return b, err
			}
		}
	case json.Object:
		if depth == maxDepth {
			return b, ErrValue
		}
		return appendObject(b, v, depth)
	}
	if string(v) == "undefined" {
		return append(b, tagUndefined), nil
	}
	return b, ErrValue
}

// appendText writes a string's text.
func appendText(b, text []byte, inside bool) []byte {
	if !inside {
		return append(b, text...)
	}
	if !special(text) {
		return append(b, text...)
	}
	start := 0
	for i, c := range text {
		var mark byte
		switch c {
		case '"':
			mark = '%'
		case '!':
			mark = '?'
		case '?':
			mark = '@'
		default:
			continue
		}
		b = append(append(b, text[start:i]...), '?', mark)
		start = i + 1
	}
	return append(b, text[start:]...)
}

// special reports whether a text has any of the three marks.
func special(text []byte) bool {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
	)
	i := 0
	for ; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		q, e, m := w^ones*separator, w^ones*end, w^ones*'?'
		if ((q-ones)&^q|(e-ones)&^e|(m-ones)&^m)&high != 0 {
			return true
		}
	}
	for ; i < len(text); i++ {
		if c := text[i]; c == separator || c == end || c == '?' {
			return true
		}
	}
	return false
}

// AppendFloat writes a number.
func AppendFloat(b []byte, f float64) []byte {
	bits := math.Float64bits(f + 0) // no negative zero
	if bits>>63 != 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(append(b, tagNumber), bits)
}

func appendObject(b []byte, v json.Value, depth int) ([]byte, error) {
	type member struct {
		name  []byte
		value json.Value
	}
	var members []member
	for w := v.Members(); ; {
		name, value, more := w.Next()
		if !more {
			break
		}
		text, _ := name.Text(nil)
		members = append(members, member{text, value})
	}
	slices.SortStableFunc(members, func(a, b member) int { return slices.Compare(a.name, b.name) })
	b = append(b, tagObject)
	for i, m := range members {
		if i > 0 {
			b = append(b, separator)
		}
		b = appendText(b, m.name, true)
		b = append(b, separator)
		var err error
		if b, err = appendValue(b, m.value, true, depth+1); err != nil {
			return b, err
		}
	}
	return append(b, end), nil
}

// Begin begins the key of an array whose items are not one JSON value. Add adds
// an item, and End ends it; first is whether it is the first one.
func Begin(b []byte) []byte { return append(b, tagArray) }

// Add adds an item to the key of an array.
func Add(b []byte, v json.Value, first bool) ([]byte, error) {
	if !first {
		b = append(b, separator)
	}
	return appendValue(b, v, true, 1)
}

// AddFloat adds a number behind another item.
func AddFloat(b []byte, f float64) []byte { return AppendFloat(append(b, separator), f) }

// End ends the key of an array.
func End(b []byte) []byte { return append(b, end) }

// AppendJSON writes the value of a key as JSON behind b. undefined becomes
// null.
func AppendJSON(b, key []byte) ([]byte, error) {
	b, rest, err := appendJSON(b, key, false, 0)
	if err == nil && len(rest) > 0 {
		err = ErrValue
	}
	return b, err
}

func appendJSON(b, key []byte, inside bool, depth int) (out, rest []byte, err error) {
	if len(key) == 0 || depth > maxDepth {
		return b, nil, ErrValue
	}
	switch tag, key := key[0], key[1:]; tag {
	case tagNull, tagUndefined:
		return append(b, "null"...), key, nil
	case tagFalse:
		return append(b, "false"...), key, nil
	case tagTrue:
		return append(b, "true"...), key, nil
	case tagNumber:
		if len(key) < 8 {
			return b, nil, ErrValue
		}
		bits := binary.BigEndian.Uint64(key)
		if bits>>63 != 0 {
			bits &^= 1 << 63
		} else {
			bits = ^bits
		}
		return json.AppendFloat(b, math.Float64frombits(bits)), key[8:], nil
	case tagString:
		return appendString(b, key, inside)
	case tagArray:
		return appendItems(b, key, '[', ']', depth)
	case tagObject:
		return appendItems(b, key, '{', '}', depth)
	}
	return b, nil, ErrValue
}

// appendItems writes what stands up to the end of an array or object.
func appendItems(b, key []byte, first, last byte, depth int) (out, rest []byte, err error) {
	b = append(b, first)
	for n := 0; ; n++ {
		if len(key) == 0 {
			return b, nil, ErrValue
		}
		if key[0] == end && n == 0 {
			return append(b, last), key[1:], nil
		}
		if first == '{' {
			if b, key, err = appendString(b, key, true); err != nil || len(key) == 0 || key[0] != separator {
				return b, nil, ErrValue
			}
			b, key = append(b, ':'), key[1:]
		}
		if b, key, err = appendJSON(b, key, true, depth+1); err != nil || len(key) == 0 {
			return b, nil, ErrValue
		}
		switch key[0] {
		case separator:
			b = append(b, ',')
		case end:
			return append(b, last), key[1:], nil
		default:
			return b, nil, ErrValue
		}
		key = key[1:]
	}
}

// appendString writes a string's text, which within others ends at a mark.
func appendString(b, key []byte, inside bool) (out, rest []byte, err error) {
	if !inside {
		return json.AppendText(b, key), nil, nil
	}
	i, special := 0, false
	for i < len(key) && key[i] != separator && key[i] != end {
		if key[i] == '?' {
			special = true
			i++
		}
		i++
	}
	if i > len(key) {
		return b, nil, ErrValue
	}
	text := key[:i]
	if special {
		text = make([]byte, 0, i)
		for k := 0; k < i; k++ {
			c := key[k]
			if c == '?' {
				k++
				switch key[k] {
				case '%':
					c = '"'
				case '?':
					c = '!'
				case '@':
					c = '?'
				default:
					return b, nil, ErrValue
				}
			}
			text = append(text, c)
		}
	}
	return json.AppendText(b, text), key[i:], nil
}
