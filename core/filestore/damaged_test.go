package filestore_test

import (
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// damaged is the frame that a test has damaged, if any: it can be stepped over
// only by who remembers it.
var damaged lastFrame

type lastFrame struct {
	name   string
	off    int
	header segment.Header
}

// find finds the frame that holds seq in a file's bytes.
func (d *lastFrame) find(t *testing.T, name string, b []byte, seq core.Seq) (int, bool) {
	t.Helper()
	for off := 0; off < len(b); {
		h, err := segment.ReadHeader(b[off:])
		if err != nil {
			if d.name != name || d.off != off {
				t.Fatalf("%s@%d: %v", name, off, err)
			}
			h = d.header
		}
		if h.First <= seq && seq <= h.Last() {
			*d = lastFrame{name, off, h}
			return off, true
		}
		off += h.Size
	}
	return 0, false
}
