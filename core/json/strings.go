package json

import "iter"

// Strings are all strings in a value, itself included, in the order of the text;
// not the names of members. It is one pass over the text.
func (v Value) Strings() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for i := 0; i < len(v); {
			if v[i] != '"' {
				i++
				continue
			}
			end := stringEnd(v, i+1)
			if end < 0 {
				return
			}
			behind := pastSpace(v, end)
			if behind == len(v) || v[behind] != ':' {
				if !yield(v[i:end:end]) {
					return
				}
			}
			i = behind
		}
	}
}
