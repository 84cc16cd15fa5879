package json

import "unicode/utf8"

// MaxDepth is how many arrays and objects Valid allows in each other.
const MaxDepth = 1000

// Valid reports whether text is one JSON value, as RFC 8259 has it, with space
// around it or without: what others than this package's walks, which take more,
// will read as well. Text that is no UTF-8, or deeper than MaxDepth, is not
// valid.
func Valid(text []byte) bool {
	if !utf8.Valid(text) {
		return false
	}
	v := validator{text: text}
	return v.document()
}

// validator keeps for each container that it is in whether that is an object.
type validator struct {
	text    []byte
	at      int
	objects []bool
}

func (v *validator) document() bool {
	for {
		// A value is to come.
		v.space()
		opened, ok := v.value()
		if !ok {
			return false
		}
		if opened {
			continue
		}
		// A value has ended, and with it maybe what it stands in.
		for {
			v.space()
			if len(v.objects) == 0 {
				return v.at == len(v.text)
			}
			object := v.objects[len(v.objects)-1]
			if v.take(',') {
				if object && !v.name() {
					return false
				}
				break
			}
			if object && !v.take('}') || !object && !v.take(']') {
				return false
			}
			v.objects = v.objects[:len(v.objects)-1]
		}
	}
}

// value takes a scalar or an empty container, or with opened the beginning of
// one, up to where its first value is to come.
func (v *validator) value() (opened, ok bool) {
	if v.at == len(v.text) {
		return false, false
	}
	switch c := v.text[v.at]; {
	case c == '"':
		return false, v.str()
	case c == '{' || c == '[':
		if len(v.objects) == MaxDepth {
			return false, false
		}
		v.at++
		v.space()
		if v.take(c + 2) { // the closing one, in ASCII
			return false, true
		}
		v.objects = append(v.objects, c == '{')
		return true, c == '[' || v.name()
	case c == 't':
		return false, v.word("true")
	case c == 'f':
		return false, v.word("false")
	case c == 'n':
		return false, v.word("null")
	}
	return false, v.number()
}

// name takes a member's name and the colon.
func (v *validator) name() bool {
	v.space()
	if !v.str() {
		return false
	}
	v.space()
	return v.take(':')
}

func (v *validator) str() bool {
	if !v.take('"') {
		return false
	}
	for v.at < len(v.text) {
		c := v.text[v.at]
		v.at++
		switch {
		case c == '"':
			return true
		case c < ' ':
			return false
		case c == '\\':
			if !v.escape() {
				return false
			}
		}
	}
	return false
}

func (v *validator) escape() bool {
	if v.at == len(v.text) {
		return false
	}
	c := v.text[v.at]
	v.at++
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		_, ok := hex4(v.text, v.at)
		v.at += 4
		return ok
	}
	return false
}

func (v *validator) number() bool {
	v.take('-')
	if !v.take('0') && !v.digits() {
		return false
	}
	if v.take('.') && !v.digits() {
		return false
	}
	if v.take('e') || v.take('E') {
		_ = v.take('+') || v.take('-')
		return v.digits()
	}
	return true
}

func (v *validator) digits() bool {
	start := v.at
	for v.at < len(v.text) && v.text[v.at]-'0' <= 9 {
		v.at++
	}
	return v.at > start
}

func (v *validator) word(word string) bool {
	if len(v.text)-v.at < len(word) || string(v.text[v.at:v.at+len(word)]) != word {
		return false
	}
	v.at += len(word)
	return true
}

func (v *validator) take(c byte) bool {
	if v.at == len(v.text) || v.text[v.at] != c {
		return false
	}
	v.at++
	return true
}

func (v *validator) space() { v.at = pastSpace(v.text, v.at) }

// AppendCompact writes valid JSON without the space between its values.
func AppendCompact(b, text []byte) []byte {
	for i := 0; i < len(text); {
		switch classes[text[i]] {
		case space:
			i++
		case quote:
			end := stringEnd(text, i+1)
			if end < 0 {
				end = len(text)
			}
			b = append(b, text[i:end]...)
			i = end
		default:
			b = append(b, text[i])
			i++
		}
	}
	return b
}
