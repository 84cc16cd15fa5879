package lsm

import (
	"bytes"
	"slices"

	"github.com/flumedb/flumedb-wasm/core/intern"
)

// Beginning is the number of bytes that keys in memory begin with. It is good
// until the tree is tended. 0 is no bytes.
type Beginning uint32

// beginnings are what keys begin with, each once.
type beginnings struct {
	set   intern.Set
	names intern.Set
	named []Beginning // by the number of a name
	asked int
	few   bool // that none is to be added any more, since they are seldom asked for again
}

// fewAsked is how often beginnings are asked for before it is decided whether
// that is worth it.
const fewAsked = 1 << 10

func (s *beginnings) at(b Beginning) []byte {
	if b == 0 {
		return nil
	}
	return s.set.At(int(b) - 1)
}

// size is about how many bytes they take.
func (s *beginnings) size() int {
	return s.set.Text() + s.names.Text() + 12*s.set.Len() + 16*s.names.Len()
}

// find is the beginning of a name. It is known to be 0 where beginnings are not
// worth it.
func (s *beginnings) find(name []byte) (b Beginning, known bool) {
	if s.asked++; s.asked%fewAsked == 0 && 2*s.names.Len() > s.asked {
		s.few = true
	}
	if i := s.names.Find(name); i >= 0 {
		return s.named[i], true
	}
	return 0, s.few
}

func (s *beginnings) add(name, b []byte) Beginning {
	s.names.Add(name)
	i, _ := s.set.Add(b)
	s.named = append(s.named, Beginning(i+1))
	return Beginning(i + 1)
}

func (s *beginnings) reset() {
	s.set.Reset()
	s.names.Reset()
	s.named, s.asked, s.few = s.named[:0], 0, false
}

// order is all beginnings in the order of their bytes; nil where one begins
// with another, or there is none.
func (s *beginnings) order() []Beginning {
	all := make([]Beginning, s.set.Len())
	for i := range all {
		all[i] = Beginning(i + 1)
	}
	slices.SortFunc(all, func(a, b Beginning) int { return bytes.Compare(s.at(a), s.at(b)) })
	for i := 1; i < len(all); i++ {
		if bytes.HasPrefix(s.at(all[i]), s.at(all[i-1])) {
			return nil
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
