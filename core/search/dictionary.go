package search

import (
	"bytes"

	"github.com/flumedb/flumedb-wasm/core/intern"
)

// dictionary gives words numbers, and finds those that begin alike: words with
// the same two first bytes are chained, about.
type dictionary struct {
	words  intern.Set
	heads  []uint32 // the newest word of each chain, + 1
	before []uint32 // of each word, the one before it in its chain, + 1
}

// chains is a power of two.
const chains = 1 << 12

func chainOf(word []byte) int {
	h := int(word[0]) << 5
	if len(word) > 1 {
		h ^= int(word[1])
	}
	return h & (chains - 1)
}

// add gives a word a number, if it has none. fresh says that it had none.
func (d *dictionary) add(word []byte) (number int, fresh bool) {
	number, fresh = d.words.Add(word)
	if fresh {
		d.chain(word)
	}
	return number, fresh
}

func (d *dictionary) chain(word []byte) {
	if d.heads == nil {
		d.heads = make([]uint32, chains)
	}
	chain := chainOf(word)
	d.before = append(d.before, d.heads[chain])
	d.heads[chain] = uint32(len(d.before))
}

// find is the number of a word, -1 where it has none.
func (d *dictionary) find(word []byte) int { return d.words.Find(word) }

// begin are the numbers of the words that begin with a prefix.
func (d *dictionary) begin(prefix []byte) (numbers []int) {
	if len(prefix) < 2 {
		for i := range d.words.Len() {
			if bytes.HasPrefix(d.words.At(i), prefix) {
				numbers = append(numbers, i)
			}
		}
		return numbers
	}
	if d.heads == nil {
		return nil
	}
	for n := d.heads[chainOf(prefix)]; n != 0; n = d.before[n-1] {
		if bytes.HasPrefix(d.words.At(int(n-1)), prefix) {
			numbers = append(numbers, int(n-1))
		}
	}
	return numbers
}

// read takes a dictionary that d.words.Append has written from the front of b.
func (d *dictionary) read(b []byte) (rest []byte, err error) {
	if rest, err = d.words.Read(b); err != nil {
		return nil, err
	}
	d.heads, d.before = nil, make([]uint32, 0, d.words.Len())
	for i := range d.words.Len() {
		word := d.words.At(i)
		if len(word) == 0 {
			return nil, errDamaged
		}
		d.chain(word)
	}
	return rest, nil
}
