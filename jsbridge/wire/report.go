package wire

import (
	"strconv"

	"github.com/flumedb/flumedb-wasm/core"
)

// Report writes a report as JSON. By hand, since encoding/json would be a
// third of the module.
func Report(r core.Report) []byte {
	var w object
	w.number(`{"records":`, r.Records)
	w.number(`,"segments":`, int64(r.Segments))
	w.number(`,"bytes":`, r.Bytes)
	w = append(w, `,"damage":[`...)
	for i, d := range r.Damage {
		if i > 0 {
			w = append(w, ',')
		}
		w.number(`{"first":`, int64(d.First))
		w.number(`,"last":`, int64(d.Last))
		w.text(`,"segment":`, d.Segment)
		w.text(`,"reason":`, d.Reason)
		w = append(w, '}')
	}
	return append(w, `]}`...)
}

// Stats writes stats as JSON.
func Stats(s core.Stats) []byte {
	var w object
	w.number(`{"records":`, s.Records)
	w.number(`,"deleted":`, s.Deleted)
	w.number(`,"segments":`, int64(s.Segments))
	w.number(`,"bytes":`, s.Bytes)
	return append(w, '}')
}

type object []byte

// Not inlined, as text is not: each use would be a copy of it.
//
//go:noinline
func (w *object) number(name string, n int64) {
	*w = strconv.AppendInt(append(*w, name...), n, 10)
}

// text writes a string as JSON does. Bytes that are no UTF-8 become U+FFFD.
//
//go:noinline
func (w *object) text(name, s string) {
	const hex = "0123456789abcdef"
	b := append(append(*w, name...), '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = append(b, string(r)...)
		}
	}
	*w = append(b, '"')
}
