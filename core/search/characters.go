package search

import (
	"sync"
	"unicode/utf8"
)

// class is what a character is in words.
type class uint8

const (
	outside  class = iota // no part of a word
	letter                // of words with spaces around them
	unspaced              // of a script that has no spaces between words
	mark                  // belongs to the character before it
	ignored               // as if it were not there
)

// ascii are the characters below U+0080, folded; 0 is outside of words.
var ascii = func() (t [128]byte) {
	for c := range t {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_':
			t[c] = byte(c)
		case c >= 'A' && c <= 'Z':
			t[c] = byte(c) + 'a' - 'A'
		}
	}
	return t
}()

// characters are the tables of tables.go, unpacked: a page for each 256
// characters, most of which share one. An entry of a page is a class, or
// foldedFrom and more: the number of a folding.
type characters struct {
	pages   [0x1100]uint16
	entries [][256]uint16
	folds   []folding
	text    []byte // of all folds
}

const foldedFrom = 8

// folding is what a character becomes.
type folding struct {
	at    uint16 // in text
	size  uint8
	class class // of what it becomes
}

// unpack is done when the first character is met that is not ASCII.
var unpack = sync.OnceValue(func() *characters {
	t := &characters{entries: make([][256]uint16, ignored+1)}
	for k := range t.entries {
		for i := range t.entries[k] {
			t.entries[k][i] = uint16(k)
		}
	}
	next := 0
	for r := (reader{data: classData}); r.more(); {
		from := next + r.uvarint()
		n := r.uvarint()
		k := uint16(n&3) + 1
		next = from + n>>2 + 1
		for c := from; c < next; c++ {
			if c&255 == 0 && c+256 <= next {
				t.pages[c>>8] = k
				c += 255
			} else {
				t.set(c, k)
			}
		}
	}
	next = 0
	for r := (reader{data: foldData}); r.more(); {
		c := next + r.uvarint()
		head := r.uvarint()
		n, step := head>>2+1, head&3+1
		next = c + 1
		if step == 3 {
			var to []rune
			for range n {
				to = append(to, rune(r.uvarint()))
			}
			t.fold(c, to...)
			continue
		}
		far := r.uvarint()
		far = far>>1 ^ -(far & 1)
		for i := range n {
			t.fold(c+i*step, rune(c+i*step+far))
		}
		next = c + (n-1)*step + 1
	}
	return t
})

type reader struct {
	data string
	at   int
}

func (r *reader) more() bool { return r.at < len(r.data) }

func (r *reader) uvarint() (n int) {
	for shift := 0; ; shift += 7 {
		c := r.data[r.at]
		r.at++
		n |= int(c&127) << shift
		if c < 128 {
			return n
		}
	}
}

func (t *characters) set(c int, entry uint16) {
	if t.pages[c>>8] <= uint16(ignored) { // the page is shared
		t.entries = append(t.entries, t.entries[t.pages[c>>8]])
		t.pages[c>>8] = uint16(len(t.entries) - 1)
	}
	t.entries[t.pages[c>>8]][c&255] = entry
}

func (t *characters) fold(c int, to ...rune) {
	f := folding{at: uint16(len(t.text)), class: t.class(to[0])}
	for _, r := range to {
		t.text = utf8.AppendRune(t.text, r)
	}
	f.size = uint8(len(t.text) - int(f.at))
	t.set(c, foldedFrom+uint16(len(t.folds)))
	t.folds = append(t.folds, f)
}

// class is that of a character that is its own folding.
func (t *characters) class(r rune) class {
	if r < utf8.RuneSelf {
		if ascii[r] != 0 {
			return letter
		}
		return outside
	}
	k := t.entries[t.pages[r>>8]][r&255]
	if k >= foldedFrom {
		return letter
	}
	return class(k)
}

// character is one as it stands in a text.
type character struct {
	class  class
	folded []byte // what it is in a word
	size   int    // in bytes
	units  int    // in UTF-16
}

// characterOf is the first character of a text that is not empty. Its folding
// may stand in buf.
func characterOf(text []byte, buf *[utf8.UTFMax]byte) (c character) {
	r, size := utf8.DecodeRune(text)
	switch {
	case size == 1 && r == utf8.RuneError:
		if len(text) > 2 && text[0] == 0xED && text[1] >= 0xA0 { // half of a pair, see package json
			size = 3
		}
		return character{size: size, units: 1}
	case r >= 0x10000:
		c.units = 2
	default:
		c.units = 1
	}
	c.size = size
	if r >= 0x1100 && r <= 0x1112 {
		if syllable, parts := compose(r, text[size:]); parts > 0 {
			c.class = unspaced
			c.size += parts * size // all parts have three bytes
			c.units += parts
			c.folded = utf8.AppendRune(buf[:0], syllable)
			return c
		}
	}
	t := unpack()
	k := t.entries[t.pages[r>>8]][r&255]
	if k < foldedFrom {
		c.class = class(k)
		c.folded = text[:size]
		return c
	}
	f := t.folds[k-foldedFrom]
	c.class = f.class
	c.folded = t.text[f.at : int(f.at)+int(f.size)]
	return c
}

// compose makes a syllable of Hangul's parts: a first one, and those of rest.
func compose(first rune, rest []byte) (syllable rune, parts int) {
	middle, size := utf8.DecodeRune(rest)
	if middle < 0x1161 || middle > 0x1175 {
		return 0, 0
	}
	syllable = 0xAC00 + ((first-0x1100)*21+middle-0x1161)*28
	if last, _ := utf8.DecodeRune(rest[size:]); last > 0x11A7 && last < 0x11C3 {
		return syllable + last - 0x11A7, 2
	}
	return syllable, 1
}
