package wire

import "github.com/flumedb/flumedb-wasm/core"

// List is consecutive records put together as a segment holds them: in
// brackets and joined by commas, and where each ends.
//
//	[ r , r , r ]      ends: count × uint32
type List struct {
	First core.Seq
	Count int
	Data  []byte
	Ends  []uint32 // empty unless it was asked for
}

// Add puts a run behind what the list holds, which must join on.
func (l *List) Add(r core.Run, ends bool) {
	if l.Count == 0 {
		l.First = r.From
		l.Data = append(l.Data, '[')
	} else {
		l.Data[len(l.Data)-1] = ','
	}
	if ends {
		end := uint32(len(l.Data)) - 1
		for seq := r.From; seq <= r.Through; seq++ {
			end += 1 + uint32(len(r.Record(seq)))
			l.Ends = append(l.Ends, end)
		}
	}
	l.Data = append(append(l.Data, r.Run(r.From, r.Through)...), ']')
	l.Count += int(r.Through-r.From) + 1
}

// Reset empties the list and keeps its memory.
func (l *List) Reset() {
	*l = List{Data: l.Data[:0], Ends: l.Ends[:0]}
}
