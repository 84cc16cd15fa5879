package search

import (
	"bytes"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core/json"
)

// reading looks at the texts of records for what a query asks.
type reading struct {
	*query
	split   splitter
	scratch []byte
	words   []seenWord
}

// seenWord is a word of a text, with the terms that it is one of.
type seenWord struct {
	terms      uint64
	start, end int
	found      bool // what is looked for is here, and not only one of its words
}

// read takes a text, which is a JSON string, apart.
func (r *reading) read(text json.Value) {
	r.words = r.words[:0]
	content, _ := text.Text(r.scratch[:0])
	s := &r.split
	for s.split(content); s.next(); {
		w := seenWord{start: s.start}
		for i := range r.terms {
			switch t := &r.terms[i]; {
			case bytes.Equal(s.word, t.word), t.prefix && s.spaced && bytes.HasPrefix(s.word, t.word):
				w.terms |= 1 << i
				w.end = s.end
			case t.prefix && bytes.HasPrefix(s.word, t.word):
				w.terms |= 1 << i
				w.end = max(w.end, s.middle) // of a pair, only the first was looked for
			}
		}
		r.words = append(r.words, w)
	}
}

// phraseAt reports whether a phrase begins at the i-th word.
func (r *reading) phraseAt(phrase []int, i int) bool {
	if i+len(phrase) > len(r.words) {
		return false
	}
	for k, t := range phrase {
		if r.words[i+k].terms>>t&1 == 0 {
			return false
		}
	}
	return true
}

// phrasesIn are the phrases that are in the text that was read, as bits.
func (r *reading) phrasesIn() (all uint64) {
	for k, phrase := range r.phrases {
		for i := range r.words {
			if r.phraseAt(phrase, i) {
				all |= 1 << k
				break
			}
		}
	}
	return all
}

// holds reports whether all phrases are in the texts of a record, each in one.
func (r *reading) holds(texts []json.Value) bool {
	missing := uint64(1)<<len(r.phrases) - 1
	for _, value := range texts {
		for text := range value.Strings() {
			if missing == 0 {
				return true
			}
			r.read(text)
			missing &^= r.phrasesIn()
		}
	}
	return missing == 0
}

// appendRanges writes where in the text that was read there is what was looked
// for, as [[start,end],…] in units of UTF-16, or nothing.
func (r *reading) appendRanges(b []byte) []byte {
	for i := range r.words {
		w := &r.words[i]
		w.found = w.found || w.terms&r.alone != 0
		for _, phrase := range r.phrases {
			if r.phraseAt(phrase, i) {
				for k := range phrase {
					r.words[i+k].found = true
				}
			}
		}
	}
	start, end, next := 0, 0, byte('[')
	flush := func() {
		if end > 0 {
			b = strconv.AppendInt(append(b, next, '['), int64(start), 10)
			b = append(strconv.AppendInt(append(b, ','), int64(end), 10), ']')
			next = ','
		}
	}
	for _, w := range r.words {
		switch {
		case !w.found:
		case w.start <= end && end > 0:
			end = max(end, w.end) // pairs overlap
		default:
			flush()
			start, end = w.start, w.end
		}
	}
	flush()
	if next == ',' {
		b = append(b, ']')
	}
	return b
}

// maxDepth is how deep in a record texts are looked for to be highlighted.
const maxDepth = 64

// appendHighlights writes where in a value there is what was looked for, as
// {"path":[…],"ranges":[…]} of each text that has any. path is the JSON of the
// steps to the value, joined by commas.
func (r *reading) appendHighlights(b []byte, v json.Value, path []byte, depth int) []byte {
	step := func(next []byte) []byte {
		below := path[:len(path):len(path)]
		if len(path) > 0 {
			below = append(below, ',')
		}
		return append(below, next...)
	}
	switch v.Kind() {
	case json.String:
		r.read(v)
		const head, middle = `,{"path":[`, `],"ranges":`
		before := len(b)
		b = append(append(append(b, head...), path...), middle...)
		empty := len(b)
		if b = r.appendRanges(b); len(b) == empty {
			return b[:before]
		}
		return append(b, '}')
	case json.Array:
		items := v.Items()
		for i := 0; depth < maxDepth; i++ {
			item, more := items.Next()
			if !more {
				break
			}
			b = r.appendHighlights(b, item, step(strconv.AppendInt(nil, int64(i), 10)), depth+1)
		}
	case json.Object:
		members := v.Members()
		for depth < maxDepth {
			name, value, more := members.Next()
			if !more {
				break
			}
			b = r.appendHighlights(b, value, step(name), depth+1)
		}
	}
	return b
}
