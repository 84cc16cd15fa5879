package search

import "unicode/utf8"

// maxWord is how many bytes of a word count. What is longer is cut.
const maxWord = 64

// splitter takes a text apart into words: letters, digits and marks between
// others, folded, which is to say without case and accents. Where a script has
// no spaces between words, each two characters that follow each other are a
// word, and the last one is, so that anything longer can be found as a phrase of
// words.
type splitter struct {
	text []byte
	at   int // in text
	unit int // the same in UTF-16

	word       []byte // until the next one
	start, end int    // of it, in units of UTF-16
	middle     int    // of a pair: the end of its first character
	to         int    // its end in text
	length     int    // in characters
	spaced     bool   // false: it is of a script without spaces

	// Of such a script: the last one of its run, not a pair; and whether the run
	// is of it alone.
	last, alone bool

	run    int // how many characters of the run there were
	before cluster
	after  cluster
	buf    [utf8.UTFMax]byte
}

// cluster is a character with its marks.
type cluster struct {
	text       []byte
	start, end int
	to         int
}

// split begins with a text.
func (s *splitter) split(text []byte) {
	s.text, s.at, s.unit, s.run = text, 0, 0, 0
}

// next finds the next word.
func (s *splitter) next() bool {
	if s.run > 0 {
		return s.nextUnspaced()
	}
	for s.at < len(s.text) {
		if c := s.text[s.at]; c < utf8.RuneSelf {
			if ascii[c] != 0 {
				s.nextSpaced()
				return true
			}
			s.at++
			s.unit++
			continue
		}
		c := characterOf(s.text[s.at:], &s.buf)
		switch c.class {
		case letter, mark:
			s.nextSpaced()
			return true
		case unspaced:
			s.cluster(&s.before, c)
			s.run = 1
			return s.nextUnspaced()
		}
		s.pass(c)
	}
	return false
}

func (s *splitter) pass(c character) {
	s.at += c.size
	s.unit += c.units
}

// nextSpaced reads a word that begins here.
func (s *splitter) nextSpaced() {
	s.word = s.word[:0]
	s.start, s.length, s.spaced = s.unit, 0, true
	for s.at < len(s.text) {
		if b := s.text[s.at]; b < utf8.RuneSelf {
			folded := ascii[b]
			if folded == 0 {
				break
			}
			if len(s.word) < maxWord {
				s.word = append(s.word, folded)
			}
			s.length++
			s.at++
			s.unit++
			continue
		}
		c := characterOf(s.text[s.at:], &s.buf)
		if c.class == outside || c.class == unspaced {
			break
		}
		s.pass(c)
		if c.class == ignored {
			continue
		}
		if len(s.word)+len(c.folded) <= maxWord {
			s.word = append(s.word, c.folded...)
		}
		s.length += utf8.RuneCount(c.folded)
	}
	s.end, s.to = s.unit, s.at
}

// cluster reads a character, which is c, with its marks.
func (s *splitter) cluster(to *cluster, c character) {
	to.text = append(to.text[:0], c.folded...)
	to.start = s.unit
	s.pass(c)
	for s.at < len(s.text) && s.text[s.at] >= utf8.RuneSelf {
		if c = characterOf(s.text[s.at:], &s.buf); c.class != mark && c.class != ignored {
			break
		}
		if c.class == mark && len(to.text) < maxWord/2 {
			to.text = append(to.text, c.folded...)
		}
		s.pass(c)
	}
	to.end, to.to = s.unit, s.at
}

// nextUnspaced pairs the character that was read with the next one.
func (s *splitter) nextUnspaced() bool {
	s.spaced, s.last = false, true
	s.word = append(s.word[:0], s.before.text...)
	s.start, s.middle, s.end, s.to = s.before.start, s.before.end, s.before.end, s.before.to
	if s.at < len(s.text) && s.text[s.at] >= utf8.RuneSelf {
		if c := characterOf(s.text[s.at:], &s.buf); c.class == unspaced {
			s.cluster(&s.after, c)
			s.word = append(s.word, s.after.text...)
			s.end, s.to = s.after.end, s.after.to
			s.before, s.after = s.after, s.before
			s.last = false
			s.run++
			return true
		}
	}
	s.alone = s.run == 1
	s.run = 0
	return true
}
