// Package search is the view that finds records by the words in their texts.
//
//	{"fields":["content.text","content.title"],"minLength":2}
//
// The view keeps which records each word is in, and how often, and not where:
// phrases and highlights are found in the records themselves, of those that
// have all words. That halves what it keeps, and costs nothing where the records
// are read anyway.
//
// docs/views.md has the options, what a word is, and the language of queries.
package search

import (
	"iter"
	"slices"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/listing"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Kind is how the view is mounted.
var Kind = view.Kind{Name: "search", New: func(options json.Value) (view.View, error) { return parse(options) }}

type search struct {
	paths     []json.Path
	scanner   *json.Scanner
	slots     []int // of the paths, in the scanner
	minLength int

	dictionary dictionary
	postings   postings
	lengths    []byte // of each record, see lengthCode
	records    uint64 // that have words
	total      uint64 // words of all records

	split   splitter
	scratch [4 << 10]byte // for texts with escapes
	counted counted
}

// counted is the words of the record that is being read.
type counted struct {
	words  []int
	counts []uint32
	place  []uint32 // of each word of the dictionary, where it may be in words
}

func parse(options json.Value) (*search, error) {
	v := &search{minLength: 1}
	err := view.ParseOptions(options, func(name string, value json.Value) (err error) {
		switch name {
		case "fields":
			v.paths, err = view.ParsePaths(value, "fields")
			if err == nil && len(v.paths) == 0 {
				err = view.Invalid("fields needs a path")
			}
		case "minLength":
			n, ok := value.Int()
			if !ok || n < 1 || n > maxWord {
				return view.Invalid("minLength must be a whole number from 1 to %d, not %s", maxWord, value)
			}
			v.minLength = int(n)
		default:
			return view.Invalid("a search has no option %q, but fields and minLength", name)
		}
		return err
	})
	if v.paths == nil {
		v.paths = []json.Path{{}}
	}
	v.scanner, v.slots = json.NewScanner(v.paths...)
	return v, err
}

func (v *search) Fields() []json.Path { return v.paths }

// Apply counts the words of a record.
func (v *search) Apply(r *view.Record) error {
	if r.Seq > maxSeq {
		return errTooLong
	}
	n := 0
	for i := range v.paths {
		for text := range r.Field(i).Strings() {
			n += v.count(text)
		}
	}
	if n == 0 {
		return nil
	}
	c := &v.counted
	for i, number := range c.words {
		v.postings.add(number, uint32(r.Seq), c.counts[i])
	}
	c.words, c.counts = c.words[:0], c.counts[:0]
	v.lengths = append(v.lengths, make([]byte, int(r.Seq)-len(v.lengths))...)
	v.lengths = append(v.lengths, lengthCode(n))
	v.records++
	v.total += uint64(n)
	return nil
}

// count counts the words of a text, and answers how many there are.
func (v *search) count(text json.Value) (n int) {
	content, _ := text.Text(v.scratch[:0])
	c := &v.counted
	s := &v.split
	for s.split(content); s.next(); {
		if s.spaced && s.length < v.minLength {
			continue
		}
		n++
		number, fresh := v.dictionary.add(s.word)
		if fresh {
			v.postings.words = append(v.postings.words, word{})
			c.place = append(c.place, 0)
		}
		if at := int(c.place[number]); at < len(c.words) && c.words[at] == number {
			c.counts[at]++
			continue
		}
		c.place[number] = uint32(len(c.words))
		c.words = append(c.words, number)
		c.counts = append(c.counts, 1)
	}
	return n
}

const known = "query, prefix, order, limit, live, old, values and highlights"

// order is that of what is found.
type order uint8

const (
	newest order = iota
	oldest
	ranked
)

// request is what a call of query asks for.
type request struct {
	listing.Options
	query
	order      order
	highlights bool
}

func (v *search) parseRequest(options json.Value) (r request, err error) {
	var text []byte
	prefixes := false
	err = view.ParseOptions(options, func(name string, value json.Value) (err error) {
		switch name {
		case "query":
			var ok bool
			if text, ok = value.Text(nil); !ok {
				err = view.Invalid("query must be a string, not %s", value)
			}
			return err
		case "order":
			switch value.Str() {
			case "newest":
			case "oldest":
				r.order = oldest
			case "rank":
				r.order = ranked
			default:
				err = view.Invalid(`order must be "newest", "oldest" or "rank", not %s`, value)
			}
			return err
		case "highlights":
			return listing.Flag(name, value, &r.highlights)
		case "prefix":
			return listing.Flag(name, value, &prefixes)
		case "reverse": // a listing knows it, but order says it here
		default:
			if known, err := r.Take(name, value); known {
				return err
			}
		}
		return view.Invalid("query has no option %q, but %s", name, known)
	})
	if err != nil {
		return r, err
	}
	if text == nil {
		return r, view.Invalid("there is no query")
	}
	if r.order == ranked && r.Live {
		return r, view.Invalid("what is to come has no rank yet: live needs another order")
	}
	r.Reverse = r.order == newest
	r.query, err = parseQuery(text, v.minLength, prefixes)
	return r, err
}

// Call answers query({query, order, limit, …}, next) with a page of what is
// found, as package listing says. An item has "highlights" where they are asked
// for, and "score" where the order is by rank.
func (v *search) Call(c *view.Call) error {
	if c.Method != "query" {
		return view.Invalid("a search has no method %q", c.Method)
	}
	r, err := v.parseRequest(c.Arg(0))
	if err != nil {
		return err
	}
	look := &looking{search: v, reading: reading{query: &r.query}}
	var found listing.Found
	if len(r.phrases) > 0 {
		found.Fits = look.fits
	}
	if r.highlights {
		found.More = look.appendHighlights
	}
	if r.order == ranked {
		return v.rank(c, &r, found)
	}
	m := v.matcher(&r.query)
	m.rarestFirst(func(i int) int { return m.sources[i].records })
	found.Seqs = func(from, through core.Seq, reverse bool) iter.Seq[core.Seq] {
		return func(yield func(core.Seq) bool) {
			for h := range m.all(bound(from), bound(through), reverse) {
				if !yield(core.Seq(h.seq)) {
					return
				}
			}
		}
	}
	return listing.Answer(c, r.Options, found)
}

func bound(seq core.Seq) uint32 { return uint32(min(max(seq, 0), maxSeq)) }

// matcher finds the records with all terms of a query.
func (v *search) matcher(q *query) *matcher {
	m := &matcher{postings: &v.postings}
	for _, t := range q.terms {
		if !t.indexed {
			continue
		}
		s := source{}
		if t.prefix {
			s.words = v.dictionary.begin(t.word)
		} else if number := v.dictionary.find(t.word); number >= 0 {
			s.words = []int{number}
		}
		for _, number := range s.words {
			s.records += int(v.postings.words[number].records)
		}
		m.sources = append(m.sources, s)
	}
	return m
}

// looking looks into records.
type looking struct {
	*search
	reading
	texts []json.Value
	found []json.Span
}

// in are the values of a record that are searched.
func (l *looking) in(seen json.Value) []json.Value {
	l.texts = l.texts[:0]
	if l.found == nil {
		l.found = make([]json.Span, l.scanner.Slots())
	}
	if l.scanner.Scan(seen, l.found) == nil {
		for _, slot := range l.slots {
			l.texts = append(l.texts, l.found[slot].In(seen))
		}
	}
	return l.texts
}

func (l *looking) fits(seen json.Value) bool { return l.holds(l.in(seen)) }

func (l *looking) appendHighlights(b []byte, seen json.Value) []byte {
	b = append(b, `,"highlights":[`...)
	start := len(b)
	for i, value := range l.in(seen) {
		b = l.reading.appendHighlights(b, value, l.steps(i), 0)
	}
	if len(b) > start {
		b = slices.Delete(b, start, start+1) // a comma
	}
	return append(b, ']')
}

// steps is the JSON of the steps of the i-th path, joined by commas.
func (v *search) steps(i int) (b []byte) {
	for k, step := range v.paths[i] {
		if k > 0 {
			b = append(b, ',')
		}
		b = json.AppendText(b, []byte(step))
	}
	return b
}
