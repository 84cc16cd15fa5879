package segment_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"pgregory.net/rapid"
)

func build(records ...string) *segment.Segment {
	var b segment.Builder
	for _, r := range records {
		b.Add([]byte(r))
	}
	return b.Finish()
}

// placed is a frame as a store holds it.
func placed(first segment.Seq, continues bool, records ...string) []byte {
	s := build(records...)
	s.Place(first, continues)
	return bytes.Clone(s.Bytes())
}

func wantRecords(t interface {
	Helper()
	Fatalf(string, ...any)
}, s *segment.Segment, first segment.Seq, want []string) {
	t.Helper()
	if s.First() != first || s.Last() != first+segment.Seq(len(want))-1 || s.Count() != len(want) {
		t.Fatalf("the segment holds %d to %d, %d records, want %d records from %d", s.First(), s.Last(), s.Count(), len(want), first)
	}
	for i, r := range want {
		if got := string(s.Record(first + segment.Seq(i))); got != r {
			t.Fatalf("record %d is %q, want %q", i, got, r)
		}
	}
	list := "[" + strings.Join(want, ",") + "]"
	if got := string(s.List()); got != list {
		t.Fatalf("the list is %q, want %q", got, list)
	}
	for i := range want {
		for j := i; j < len(want); j++ {
			run := strings.Join(want[i:j+1], ",")
			if got := string(s.Run(first+segment.Seq(i), first+segment.Seq(j))); got != run {
				t.Fatalf("run %d to %d is %q, want %q", i, j, got, run)
			}
		}
	}
	if len(s.Table()) != 4*len(want) {
		t.Fatalf("a table of %d bytes for %d records", len(s.Table()), len(want))
	}
	end := 0
	for i, r := range want {
		end += 1 + len(r)
		if got := binary.LittleEndian.Uint32(s.Table()[4*i:]); got != uint32(end) {
			t.Fatalf("record %d ends at %d, want %d", i, got, end)
		}
	}
}

var lists = map[string][]string{
	"one":          {"a"},
	"one empty":    {""},
	"some":         {`{"a":1}`, `2`, `"three"`},
	"some empty":   {"", "x", "", "", "y", ""},
	"separators":   {",", ",,", "[", "]", "],["},
	"binary":       {"\x00\xff", "\n", string([]byte{0, 1, 2, 3})},
	"looks framed": {"FLMS", string(make([]byte, 100))},
	"large":        {strings.Repeat("x", 1<<20), "", strings.Repeat("y", 1<<16)},
}

func TestBuilder(t *testing.T) {
	var b segment.Builder // one for all, since it is to be used again
	for name, records := range lists {
		t.Run(name, func(t *testing.T) {
			for i, r := range records {
				if b.Count() != i {
					t.Fatalf("the builder counts %d records, want %d", b.Count(), i)
				}
				b.Add([]byte(r))
			}
			size := b.Size()
			s := b.Finish()
			if s.Size() != size || len(s.Bytes()) != size {
				t.Fatalf("%d bytes were announced, and there are %d", size, s.Size())
			}
			if b.Count() != 0 {
				t.Fatalf("a finished builder counts %d records", b.Count())
			}
			wantRecords(t, s, 0, records)
		})
	}
}

// The records of a run may be joined by any byte, which is not kept.
func TestAddRun(t *testing.T) {
	for name, records := range lists {
		lens := make([]uint32, len(records))
		for i, r := range records {
			lens[i] = uint32(len(r))
		}
		for separator := range 256 {
			if name == "large" && separator != 0 {
				continue
			}
			var b segment.Builder
			run := []byte(strings.Join(records, string([]byte{byte(separator)})))
			before := bytes.Clone(run)
			b.Add([]byte("before"))
			b.AddRun(run, lens)
			b.AddRun(run, lens)
			b.Add([]byte("behind"))
			if !bytes.Equal(run, before) {
				t.Fatalf("%s, separator %d: the caller's bytes were changed", name, separator)
			}
			want := append([]string{"before"}, records...)
			want = append(append(want, records...), "behind")
			wantRecords(t, b.Finish(), 0, want)
		}
	}
}

func TestAddSegment(t *testing.T) {
	for name, records := range lists {
		t.Run(name, func(t *testing.T) {
			var b segment.Builder
			b.AddSegment(build(records...))
			b.Add([]byte("between"))
			b.AddSegment(build(records...))
			b.AddSegment(build("", ""))
			want := append(append(append([]string{}, records...), "between"), records...)
			wantRecords(t, b.Finish(), 0, append(want, "", ""))
		})
	}
}

func TestPlace(t *testing.T) {
	s := build("a", "b", "c")
	for _, first := range []segment.Seq{0, 1, 1 << 40, segment.MaxSeq - 3, 7} {
		for _, continues := range []bool{true, false} {
			s.Place(first, continues)
			again, err := segment.Decode(bytes.Clone(s.Bytes()))
			if err != nil {
				t.Fatalf("placed at %d: %v", first, err)
			}
			h, err := segment.ReadHeader(s.Bytes())
			want := segment.Header{First: first, Count: 3, Size: s.Size(), Continues: continues}
			if err != nil || h != want || h.Last() != first+2 {
				t.Fatalf("header %+v, %v, want %+v", h, err, want)
			}
			for _, s := range []*segment.Segment{s, again} {
				wantRecords(t, s, first, []string{"a", "b", "c"})
				if s.Continues() != continues {
					t.Fatalf("placed at %d: continues is %v", first, s.Continues())
				}
			}
		}
	}
}

// sum makes the sums of a changed frame hold again, so that what lies behind
// them is reached.
func sum(b []byte) []byte {
	binary.LittleEndian.PutUint64(b[24:], xxhash.Sum64(b[segment.HeaderSize:]))
	binary.LittleEndian.PutUint64(b[40:], xxhash.Sum64(b[:40]))
	return b
}

func set32(off int, v uint32) func([]byte) []byte {
	return func(b []byte) []byte {
		binary.LittleEndian.PutUint32(b[off:], v)
		return sum(b)
	}
}

func TestDecodeErrors(t *testing.T) {
	// The frame's table lies at 48, its data "[one,two,three]" at 60.
	const none = segment.None
	for _, c := range []struct {
		name        string
		hurt        func(b []byte) []byte
		want        error
		reason      string
		first, last segment.Seq
	}{
		{"nothing", func(b []byte) []byte { return nil }, segment.ErrShort, "", none, none},
		{"a part of the header", func(b []byte) []byte { return b[:47] }, segment.ErrShort, "", none, none},
		{"the header", func(b []byte) []byte { return b[:48] }, segment.ErrShort, "", none, none},
		{"all but a byte", func(b []byte) []byte { return b[:len(b)-1] }, segment.ErrShort, "", none, none},
		{"a byte too many", func(b []byte) []byte { return append(b, 0) }, segment.ErrCorrupt, "bytes follow", 5, none},
		{"magic", func(b []byte) []byte { b[0] ^= 1; return b }, segment.ErrCorrupt, "no segment begins", none, none},
		{"header sum", func(b []byte) []byte { b[40] ^= 1; return b }, segment.ErrCorrupt, "header's checksum", none, none},
		{"seq", func(b []byte) []byte { b[8] ^= 1; return b }, segment.ErrCorrupt, "header's checksum", none, none},
		{"newer version", func(b []byte) []byte { b[4]++; return sum(b) }, segment.ErrVersion, "", none, none},
		{"version 0", func(b []byte) []byte { b[4] = 0; return sum(b) }, segment.ErrCorrupt, "impossible version", 5, none},
		{"header length", func(b []byte) []byte { b[5]++; return sum(b) }, segment.ErrCorrupt, "header's checksum", none, none},
		{"header length of a longer header", func(b []byte) []byte {
			b[5]++
			binary.LittleEndian.PutUint64(b[48:], xxhash.Sum64(b[:48]))
			return b
		}, segment.ErrCorrupt, "impossible version or length", 5, none},
		{"version, damaged", func(b []byte) []byte { b[4] ^= 8; return b }, segment.ErrCorrupt, "header's checksum", none, none},
		{"unknown flag", func(b []byte) []byte { b[6] |= 4; return sum(b) }, segment.ErrCorrupt, "flags", 5, none},
		{"commit", func(b []byte) []byte { b[35] ^= 1; return b }, segment.ErrCorrupt, "header's checksum", none, none},
		{"negative seq", func(b []byte) []byte { b[15] = 0x80; return sum(b) }, segment.ErrCorrupt, "out of range", none, none},
		{"seq that JavaScript cannot count", func(b []byte) []byte {
			binary.LittleEndian.PutUint64(b[8:], uint64(segment.MaxSeq)-2)
			return sum(b)
		}, segment.ErrCorrupt, "out of range", none, none},
		{"no records", set32(16, 0), segment.ErrCorrupt, "contradict", 5, none},
		{"too many records", set32(16, 15), segment.ErrCorrupt, "contradict", 5, none},
		{"too large", set32(20, 1<<32-1), segment.ErrCorrupt, "larger than a segment can be", 5, none},
		{"longer", set32(20, 16), segment.ErrShort, "", none, none},
		{"shorter", set32(20, 14), segment.ErrCorrupt, "bytes follow", 5, none},
		{"payload sum", func(b []byte) []byte {
			b[24] ^= 1
			binary.LittleEndian.PutUint64(b[40:], xxhash.Sum64(b[:40]))
			return b
		}, segment.ErrCorrupt, "records' checksum", 5, 7},
		{"record", func(b []byte) []byte { b[62] ^= 1; return b }, segment.ErrCorrupt, "records' checksum", 5, 7},
		{"table", func(b []byte) []byte { b[48] ^= 1; return b }, segment.ErrCorrupt, "records' checksum", 5, 7},
		{"opening bracket", func(b []byte) []byte { b[60] = '('; return sum(b) }, segment.ErrCorrupt, "table", 5, 7},
		{"closing bracket", func(b []byte) []byte { b[74] = ')'; return sum(b) }, segment.ErrCorrupt, "table", 5, 7},
		{"separator", func(b []byte) []byte { b[64] = ';'; return sum(b) }, segment.ErrCorrupt, "table", 5, 7},
		{"a record ends before it begins", set32(52, 3), segment.ErrCorrupt, "table", 5, 7},
		{"a record ends before the data", set32(48, 0), segment.ErrCorrupt, "table", 5, 7},
		{"a record ends behind the data", set32(48, 1<<31), segment.ErrCorrupt, "table", 5, 7},
		{"a record ends with the data", set32(52, 14), segment.ErrCorrupt, "table", 5, 7},
		{"the last record ends early", set32(56, 13), segment.ErrCorrupt, "table", 5, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.hurt(placed(5, false, "one", "two", "three"))
			_, err := segment.Decode(b)
			if !errors.Is(err, c.want) {
				t.Fatalf("got error %v, want %v", err, c.want)
			}
			var corrupt *segment.CorruptError
			if errors.As(err, &corrupt) {
				if !strings.Contains(corrupt.Reason, c.reason) || corrupt.First != c.first || corrupt.Last != c.last {
					t.Fatalf("got %+v, want %q at %d to %d", corrupt, c.reason, c.first, c.last)
				}
			}
		})
	}
}

func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"corrupt segment: bad":                        &segment.CorruptError{First: segment.None, Last: segment.None, Reason: "bad"},
		"corrupt segment file@3 at seq 4: bad":        &segment.CorruptError{First: 4, Last: 4, Segment: "file@3", Reason: "bad"},
		"corrupt segment at seq 4: bad":               &segment.CorruptError{First: 4, Last: segment.None, Reason: "bad"},
		"corrupt segment file@3 at seq 4 to 7: bad":   &segment.CorruptError{First: 4, Last: 7, Segment: "file@3", Reason: "bad"},
		"the segment has format version 9, this buil": &segment.VersionError{Version: 9},
	} {
		if !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %q, want %q", err, want)
		}
		if wrapped := fmt.Errorf("reading: %w", err); errors.Is(wrapped, segment.ErrCorrupt) == errors.Is(wrapped, segment.ErrVersion) {
			t.Errorf("%q is both or neither", err)
		}
	}
}

// TestFlips flips every bit of a frame: none goes unnoticed.
func TestFlips(t *testing.T) {
	whole := placed(5, true, "one", "", "three")
	for bit := range 8 * len(whole) {
		b := bytes.Clone(whole)
		b[bit/8] ^= 1 << (bit % 8)
		_, err := segment.Decode(b)
		if !errors.Is(err, segment.ErrCorrupt) && !errors.Is(err, segment.ErrVersion) {
			t.Fatalf("bit %d flipped: %v", bit, err)
		}
		if _, err := segment.Decode(whole[:bit/8]); err == nil {
			t.Fatalf("%d bytes were taken for the whole", bit/8)
		}
	}
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.String(), 1, 30).Draw(t, "records")
		first := segment.Seq(rapid.Int64Range(0, int64(segment.MaxSeq)-30).Draw(t, "first"))
		var b segment.Builder
		for i := 0; i < len(records); {
			n := rapid.IntRange(1, len(records)-i).Draw(t, "n")
			part := records[i : i+n]
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				for _, r := range part {
					b.Add([]byte(r))
				}
			case 1:
				lens := make([]uint32, n)
				for i, r := range part {
					lens[i] = uint32(len(r))
				}
				b.AddRun([]byte(strings.Join(part, "\x00")), lens)
			case 2:
				b.AddSegment(build(part...))
			}
			i += n
		}
		s := b.Finish()
		s.Place(first, false)
		again, err := segment.Decode(bytes.Clone(s.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		wantRecords(t, again, first, records)
		if !bytes.Equal(s.Bytes(), placed(first, false, records...)) {
			t.Fatal("how records are added shows in the frame")
		}
	})
}

func segmentOf(first segment.Seq, records ...string) *segment.Segment {
	var b segment.Builder
	for _, r := range records {
		b.Add([]byte(r))
	}
	s := b.Finish()
	s.Place(first, false)
	return s
}

func TestDeleted(t *testing.T) {
	secret := `{"secret":"gone"}`
	s := segmentOf(7, `{"a":1}`, secret, `0`, ``).Without(8).Without(10, 8)
	decoded, err := segment.Decode(bytes.Clone(s.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var joined segment.Builder
	joined.Add([]byte(`"before"`))
	joined.AddSegment(decoded)
	merged := joined.Finish()
	merged.Place(6, true)
	again, err := segment.Decode(merged.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*segment.Segment{s, decoded, again} {
		if s.Deleted() != 2 || bytes.Contains(s.Bytes(), []byte("secret")) {
			t.Fatalf("%d deleted: %q", s.Deleted(), s.Bytes())
		}
		for seq, want := range map[segment.Seq]string{7: `{"a":1}`, 8: "deleted", 9: `0`, 10: "deleted"} {
			got := string(s.Record(seq))
			if s.IsDeleted(seq) {
				got = "deleted"
			}
			if got != want {
				t.Errorf("record %d is %s, want %s", seq, got, want)
			}
		}
	}
	if h, err := segment.ReadHeader(again.Bytes()); err != nil || h.Deleted != 2 || h.Commit != 0 || !h.Continues {
		t.Fatalf("the header: %+v, %v", h, err)
	}
	if want := `["before",{"a":1},0,0,0]`; string(again.List()) != want {
		t.Fatalf("the list is %s, want %s", again.List(), want)
	}
	if next := segmentOf(0, "a"); next.Deleted() != 0 || next.IsDeleted(0) {
		t.Fatal("a new segment has deleted records")
	}
}

func TestDeletedMarksThatDoNotHold(t *testing.T) {
	for name, harm := range map[string]func(b []byte){
		"a mark more than the header counts": func(b []byte) { b[segment.HeaderSize+3] |= 0x80 },
		"a mark less":                        func(b []byte) { b[segment.HeaderSize+7] &^= 0x80 },
		"a count of none":                    func(b []byte) { b[32] = 0 },
		"a count of more than all":           func(b []byte) { b[32] = 9 },
		"a value where there should be none": func(b []byte) { b[segment.HeaderSize+12+5] = '1' },
	} {
		b := bytes.Clone(segmentOf(7, `"a"`, `"b"`, `"c"`).Without(8).Bytes())
		harm(b)
		if _, err := segment.Decode(sum(b)); !errors.Is(err, segment.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
