package segment_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

// FuzzDecode takes any bytes for a frame. Nothing panics, the error is one of
// three, and whatever decodes is what its own records make when they are
// framed again. With mend the sums are made to hold, so that the checks behind
// them are reached.
func FuzzDecode(f *testing.F) {
	for _, records := range lists {
		whole := placed(3, len(records)%2 == 0, records...)
		if len(whole) > 4096 {
			continue
		}
		f.Add(whole, false)
		f.Add(whole[:len(whole)/2], false)
		f.Add(append(bytes.Clone(whole), 0), false)
		for _, at := range []int{0, 4, 5, 6, 8, 16, 20, 24, 32, 40, 48, len(whole) - 1} {
			hurt := bytes.Clone(whole)
			hurt[at] ^= 0x11
			f.Add(hurt, false)
			f.Add(hurt, true)
		}
	}
	thinned := segmentOf(3, "a", "", "0").Without(3, 5)
	f.Add(thinned.Bytes(), false)
	f.Add(thinned.Bytes()[:60], true)
	f.Add([]byte{}, false)
	f.Add(make([]byte, 200), true)
	f.Fuzz(func(t *testing.T, b []byte, mend bool) {
		if mend && len(b) >= segment.HeaderSize {
			b = sum(bytes.Clone(b))
		}
		h, headErr := segment.ReadHeader(b)
		s, err := segment.Decode(b)
		if err != nil {
			var corrupt *segment.CorruptError
			var newer *segment.VersionError
			if !errors.Is(err, segment.ErrShort) && !errors.As(err, &corrupt) && !errors.As(err, &newer) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		if headErr != nil || h.First != s.First() || h.Count != s.Count() || h.Size != len(b) || h.Continues != s.Continues() {
			t.Fatalf("the header is %+v, %v, the segment from %d, %d records", h, headErr, s.First(), s.Count())
		}
		var built segment.Builder
		for seq := s.First(); seq <= s.Last(); seq++ {
			if s.IsDeleted(seq) {
				built.AddDeleted()
			} else {
				built.Add(s.Record(seq))
			}
		}
		again := built.Finish()
		again.Stamp(h.Commit)
		again.Place(s.First(), s.Continues())
		if !bytes.Equal(again.Bytes(), b) {
			t.Fatalf("framed again it is\n%x, and was\n%x", again.Bytes(), b)
		}
	})
}
