package wire_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"github.com/flumedb/flumedb-wasm/jsbridge/wire"
)

// message encodes records as the wrapper does where it knows the lengths.
func message(records ...string) (b []byte, size int) {
	for _, r := range records {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(r)))
	}
	table := len(b)
	for i, r := range records {
		if i > 0 {
			b = append(b, 0xff)
		}
		b = append(b, r...)
	}
	return b, len(b) - table
}

func TestAppendGivesTheRecordsBack(t *testing.T) {
	for _, records := range [][]string{
		{""}, {"", ""}, {"a"}, {"1", "[2,3]", `"ö"`}, {`{"a":1}`, "", "x"},
	} {
		withLengths, size := message(records...)
		lines := bytes.Join(toBytes(records), []byte("\n"))
		for name, read := range map[string]func() (wire.Append, error){
			"lengths": func() (wire.Append, error) {
				return wire.ReadAppend(withLengths, len(records), size, true, nil)
			},
			"lines": func() (wire.Append, error) {
				return wire.ReadAppend(lines, len(records), len(lines), false, make([]uint32, 7))
			},
		} {
			a, err := read()
			if err != nil {
				t.Fatalf("%s of %q: %v", name, records, err)
			}
			if got := split(a); fmt.Sprint(got) != fmt.Sprint(records) {
				t.Errorf("%s of %q: got %q", name, records, got)
			}
		}
	}
}

func TestAppendRefusesContradictions(t *testing.T) {
	two, size := message("one", "two")
	for _, c := range []struct {
		name        string
		message     []byte
		count, size int
		lengths     bool
	}{
		{"no records", two, 0, size, true},
		{"a negative count", two, -1, size, true},
		{"a negative size", two, 2, -1, true},
		{"more bytes than there are", two, 2, len(two) + 1, true},
		{"a table longer than the message", two, 3, size, true},
		{"a huge count", two, 1 << 31, size, true},
		{"fewer lines than records", []byte("a\nb"), 3, 3, false},
		{"more lines than records", []byte("a\nb"), 1, 3, false},
	} {
		if _, err := wire.ReadAppend(c.message, c.count, c.size, c.lengths, nil); !errors.Is(err, wire.ErrMessage) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

// FuzzAppend takes any message and appends what it reads to a log: nothing
// panics, and what is accepted comes back.
func FuzzAppend(f *testing.F) {
	b, size := message("one", "", `{"a":[1,2]}`)
	f.Add(b, 3, size, true)
	f.Add([]byte("one\ntwo\n"), 3, 8, false)
	f.Add([]byte{1, 0, 0, 0}, 1, 0, true)
	f.Add([]byte{}, 1, 0, false)
	f.Fuzz(func(t *testing.T, b []byte, count, size int, lengths bool) {
		a, err := wire.ReadAppend(b, count, size, lengths, nil)
		if err != nil {
			return
		}
		log, err := core.Open(context.Background(), memstore.Open(new(memstore.Disk)), core.Options{SegmentBytes: 64})
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close(context.Background())
		type answer struct {
			seq core.Seq
			err error
		}
		answered := make(chan answer, 1)
		want := append([]byte{}, a.Run...)
		err = log.Enqueue(a.Run, a.Lengths, func(seq core.Seq, err error) { answered <- answer{seq, err} })
		if err != nil {
			if !errors.Is(err, core.ErrInvalidRecord) || log.Since() != core.None {
				t.Fatalf("refused with %v, since is %d", err, log.Since())
			}
			return
		}
		log.Commit()
		if got := <-answered; got.err != nil || got.seq != core.Seq(count-1) {
			t.Fatalf("appended %d records: %+v", count, got)
		}
		for seq := range core.Seq(count) {
			n := a.Lengths[seq]
			record, err := log.Get(context.Background(), seq)
			if err != nil || !bytes.Equal(record, want[:n]) {
				t.Fatalf("record %d is %q, %v, want %q", seq, record, err, want[:n])
			}
			want = want[min(int(n)+1, len(want)):]
		}
	})
}

func TestListIsWhatASegmentHolds(t *testing.T) {
	whole := segmentOf(0, "1", "", "[2]", `"ö"`)
	var l wire.List
	l.Add(core.Run{Segment: whole, From: 1, Through: 2}, true)
	l.Add(core.Run{Segment: segmentOf(3, "x", "yz"), From: 3, Through: 4}, true)
	if string(l.Data) != `[,[2],x,yz]` || l.First != 1 || l.Count != 4 {
		t.Fatalf("the list is %q from %d, %d records", l.Data, l.First, l.Count)
	}
	start := uint32(1)
	for i, want := range []string{"", "[2]", "x", "yz"} {
		if got := string(l.Data[start:l.Ends[i]]); got != want {
			t.Errorf("record %d is %q, want %q", i, got, want)
		}
		start = l.Ends[i] + 1
	}
	l.Reset()
	l.Add(core.Run{Segment: whole, From: 0, Through: 3}, false)
	if !bytes.Equal(l.Data, whole.List()) || len(l.Ends) != 0 {
		t.Fatalf("the list of a whole segment is %q", l.Data)
	}
}

func TestReportIsJSON(t *testing.T) {
	r := core.Report{Records: 5, Segments: 2, Bytes: 1 << 40, Damage: []*segment.CorruptError{
		{First: 3, Last: 4, Segment: `a"b\c`, Reason: "line\nfeed \x01 \xff ö"},
		{First: 9, Last: 9},
	}}
	var got struct {
		Records, Segments, Bytes int64
		Damage                   []struct {
			First, Last     int64
			Segment, Reason string
		}
	}
	if err := json.Unmarshal(wire.Report(r), &got); err != nil {
		t.Fatalf("%s: %v", wire.Report(r), err)
	}
	if got.Records != 5 || got.Segments != 2 || got.Bytes != 1<<40 || len(got.Damage) != 2 ||
		got.Damage[0].Segment != `a"b\c` || got.Damage[0].Reason != "line\nfeed \x01 \ufffd ö" || got.Damage[1].First != 9 {
		t.Fatalf("the report came back as %+v", got)
	}
}

func TestStatsIsJSON(t *testing.T) {
	var got core.Stats
	want := core.Stats{Records: 5, Segments: 2, Bytes: 1 << 40}
	if err := json.Unmarshal(wire.Stats(want), &got); err != nil || got != want {
		t.Fatalf("%s came back as %+v, %v", wire.Stats(want), got, err)
	}
}

func segmentOf(first core.Seq, records ...string) *segment.Segment {
	var b segment.Builder
	for _, r := range records {
		b.Add([]byte(r))
	}
	s := b.Finish()
	s.Place(first, false)
	return s
}

func toBytes(records []string) (out [][]byte) {
	for _, r := range records {
		out = append(out, []byte(r))
	}
	return out
}

func split(a wire.Append) (out []string) {
	run := a.Run
	for _, n := range a.Lengths {
		out = append(out, string(run[:n]))
		run = run[min(int(n)+1, len(run)):]
	}
	return out
}
