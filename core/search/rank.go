package search

import (
	"math"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/listing"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// BM25's usual parameters: how soon more of the same word counts for no more,
// and how much long records lose.
const (
	saturation = 1.2
	shortness  = 0.75
)

// How much is on a page of what is ranked, and how much where the records have
// to be looked at.
const (
	rankedItems   = 1000
	rankedRecords = 100
	rankedBytes   = 128 << 10
)

// ranking is what scores are made of. All pages of an answer use those of the
// first, so that records which come in between change no score.
type ranking struct {
	left    int // of the limit, 0 for none
	score   float64
	seq     core.Seq // of the last item of the page before, None on the first
	through core.Seq // records behind it are not in the answer
	records float64  // in all
	words   float64  // in all
	each    []int    // how many records each term is in
}

// rank answers with the best records, page by page.
func (v *search) rank(c *view.Call, r *request, f listing.Found) error {
	k := ranking{left: r.Limit, seq: core.None, through: c.Since(), records: float64(v.records), words: float64(v.total)}
	if err := k.parse(c.Arg(1)); err != nil {
		return err
	}
	c.Out = append(c.Out, `{"items":[`...)
	if c.Since() < k.through { // the view is being built again
		c.Out = append(k.append(append(c.Out, `],"next":`...)), `,"wait":true}`...)
		return nil
	}
	m := v.matcher(&r.query)
	for i := len(k.each); i < len(m.sources); i++ {
		k.each = append(k.each, m.sources[i].records)
	}
	look := f.Fits != nil || f.More != nil || !r.NoValues
	most := rankedItems
	if look {
		most = rankedRecords
	}
	if f.Fits == nil && k.left > 0 {
		most = min(most, k.left)
	}
	best := k.best(m, v.lengths, most)

	missing, items := false, 0
	full := len(best) == most
	for _, h := range best {
		if r.Limit > 0 && k.left == 0 {
			break
		}
		if len(c.Out) > rankedBytes {
			full = true
			break
		}
		k.score, k.seq = h.score, core.Seq(h.seq)
		var seen json.Value
		if look {
			var ok bool
			if seen, ok = c.Seen(k.seq); !ok {
				missing = true
				continue
			}
			if seen == nil || f.Fits != nil && !f.Fits(seen) {
				continue
			}
		}
		if items > 0 {
			c.Out = append(c.Out, ',')
		}
		items++
		k.left--
		c.Out = listing.AppendItem(c.Out, k.seq, seen, !r.NoValues)
		c.Out = json.AppendFloat(append(c.Out, `,"score":`...), h.score)
		if f.More != nil {
			c.Out = f.More(c.Out, seen)
		}
		c.Out = append(c.Out, '}')
	}
	if missing {
		return view.ErrAwait
	}
	c.Out = append(c.Out, ']')
	if full && (r.Limit <= 0 || k.left > 0) {
		c.Out = k.append(append(c.Out, `,"next":`...))
	}
	c.Out = append(c.Out, '}')
	return nil
}

// best are the best hits behind the page before, at most so many.
func (k *ranking) best(m *matcher, lengths []byte, most int) (best []hit) {
	var slowing [256]float64 // by length
	for code := range slowing {
		slowing[code] = saturation * (1 - shortness + shortness*lengthOf(byte(code))*k.records/max(k.words, 1))
	}
	rarity := make([]float64, len(m.sources))
	order := m.rarestFirst(func(i int) int { return k.each[i] })
	for at, i := range order {
		n := min(float64(k.each[i]), k.records)
		rarity[at] = math.Log(1 + (k.records-n+0.5)/(n+0.5))
	}
	m.weigh = func(at int, p posting) float64 {
		count := float64(p.count)
		return rarity[at] * count * (saturation + 1) / (count + slowing[lengths[p.seq]])
	}
	for h := range m.all(0, bound(k.through), true) {
		// The newer one of two that are as good comes first.
		if k.seq != core.None && !before(k.score, uint32(k.seq), h) {
			continue
		}
		if len(best) == most && !before(h.score, h.seq, best[most-1]) {
			continue
		}
		if len(best) < most {
			best = append(best, hit{})
		}
		at := len(best) - 1
		for ; at > 0 && before(h.score, h.seq, best[at-1]); at-- {
			best[at] = best[at-1]
		}
		best[at] = h
	}
	return best
}

// before reports whether a hit comes before another.
func before(score float64, seq uint32, h hit) bool {
	return score > h.score || score == h.score && seq > h.seq
}

// The cursor is written as [left, score, seq, through, records, words, each…].
func (k *ranking) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, '['), int64(max(k.left, 0)), 10)
	for _, f := range []float64{k.score, float64(k.seq), float64(k.through), k.records, k.words} {
		b = json.AppendFloat(append(b, ','), f)
	}
	for _, n := range k.each {
		b = strconv.AppendInt(append(b, ','), int64(n), 10)
	}
	return append(b, ']')
}

func (k *ranking) parse(v json.Value) error {
	if kind := v.Kind(); kind == json.Absent || kind == json.Null {
		return nil
	}
	var n []float64
	for items := v.Items(); ; {
		item, more := items.Next()
		if !more {
			break
		}
		f, ok := item.Float()
		if !ok {
			n = nil
			break
		}
		n = append(n, f)
	}
	if len(n) < 6 {
		return view.Invalid("a page goes on with the next of the page before, not with %s", v)
	}
	*k = ranking{left: int(n[0]), score: n[1], seq: core.Seq(n[2]), through: core.Seq(n[3]), records: n[4], words: n[5]}
	for _, f := range n[6:] {
		k.each = append(k.each, int(f))
	}
	return nil
}
