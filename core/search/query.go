package search

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/flumedb/flumedb-wasm/core/view"
)

// query is what is looked for: words that are all in a record, anywhere, and
// phrases, whose words follow each other in one text.
type query struct {
	terms   []term
	phrases [][]int // terms by their number
	alone   uint64  // the terms that are looked for outside of phrases, too, as bits
}

// term is a word, or what words begin with.
type term struct {
	word    []byte
	prefix  bool
	indexed bool // false: it is too short to be found, and is only looked for in phrases
}

// maxTerms is how many terms a query may have: one for each bit of a mask.
const maxTerms = 64

// parseQuery reads a query as people write it:
//
//	word another pre* "a phrase" "a phrase with a pre*"
//
// A quotation mark that is not closed is, at the end. Words of fewer than
// minLength characters are passed over, except in phrases. What is written
// without spaces in a script that has none is a phrase. With prefixes every word
// outside of quotation marks is taken as if a star followed.
func parseQuery(text []byte, minLength int, prefixes bool) (q query, err error) {
	p := parser{query: &q, minLength: minLength, prefixes: prefixes}
	quoted := false
	for {
		at, size := quotation(text)
		p.read(text[:at], quoted)
		if size == 0 {
			break
		}
		text = text[at+size:]
		quoted = !quoted
	}
	if p.tooLong || len(q.terms) > maxTerms || len(q.phrases) > maxTerms {
		return query{}, view.Invalid("a query has at most %d words", maxTerms)
	}
	return q, nil
}

// quotation finds the next quotation mark, as typed or as set by phones.
func quotation(text []byte) (at, size int) {
	for i, c := range text {
		if c == '"' {
			return i, 1
		}
		if c == 0xE2 {
			switch r, size := utf8.DecodeRune(text[i:]); r {
			case '“', '”', '„', '‟':
				return i, size
			}
		}
	}
	return len(text), 0
}

type parser struct {
	*query
	minLength int
	prefixes  bool
	split     splitter
	found     []found
	tooLong   bool
}

// found is a word of a query as it stands there.
type found struct {
	term
	spaced bool
	last   bool // of a run of characters without spaces
	alone  bool // it is the whole run
}

// read reads what is in quotation marks, or between such.
func (p *parser) read(text []byte, quoted bool) {
	s := &p.split
	p.found = p.found[:0]
	for s.split(text); s.next(); {
		if len(p.found) == maxTerms {
			p.tooLong = true
			break
		}
		star := s.spaced && s.to < len(text) && text[s.to] == '*'
		t := term{
			word:    bytes.Clone(s.word),
			prefix:  star || p.prefixes && s.spaced && !quoted,
			indexed: star || !s.spaced || s.length >= p.minLength,
		}
		p.found = append(p.found, found{term: t, spaced: s.spaced, last: !s.spaced && s.last, alone: s.alone})
	}
	if quoted {
		p.phrase(p.found)
		return
	}
	for from := 0; from < len(p.found); {
		to := from + 1
		for !p.found[from].spaced && !p.found[to-1].last && to < len(p.found) {
			to++
		}
		p.phrase(p.found[from:to])
		from = to
	}
}

// phrase adds words that follow each other.
func (p *parser) phrase(words []found) {
	if n := len(words); n > 0 && words[n-1].last {
		// The last character of a run is one of its words only where the run is
		// known to end there. A character that is alone begins a pair, or is the
		// last of a run in the record as well.
		if words[n-1].alone {
			words[n-1].prefix = true
		} else {
			words = words[:n-1]
		}
	}
	switch len(words) {
	case 0:
	case 1:
		if words[0].indexed {
			p.alone |= 1 << p.add(words[0].term)
		}
	default:
		var phrase []int
		for _, w := range words {
			phrase = append(phrase, p.add(w.term))
		}
		if !slices.ContainsFunc(p.phrases, func(other []int) bool { return slices.Equal(other, phrase) }) {
			p.phrases = append(p.phrases, phrase)
		}
	}
}

// add is the number of a term.
func (p *parser) add(t term) int {
	for i, other := range p.terms {
		if other.prefix == t.prefix && bytes.Equal(other.word, t.word) {
			return i
		}
	}
	p.terms = append(p.terms, t)
	return len(p.terms) - 1
}
