package filestore_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"pgregory.net/rapid"
)

// TestModel does any operations in any order beside a slice of records, and a
// map of checkpoints.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{
			fs: memfs.New(rapid.Uint64().Draw(t, "seed")),
			options: filestore.Options{
				Strict:   rapid.Bool().Draw(t, "strict"),
				FileSize: rapid.SampledFrom([]int64{1, 500, 100_000, 0}).Draw(t, "file size"),
			},
			views: map[string][]byte{},
		}
		m.open(t)
		defer func() { m.s.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"append":     m.append,
			"read":       m.read,
			"index":      m.index,
			"replace":    m.replace,
			"checkpoint": m.checkpoint,
			"fail":       m.fail,
			"reopen": func(t *rapid.T) {
				if err := m.s.Close(); err != nil {
					t.Fatal(err)
				}
				m.open(t)
			},
			"crash": func(t *rapid.T) {
				if m.options.Strict && rapid.Bool().Draw(t, "power cut") {
					m.fs = m.fs.PowerCut()
				} else {
					m.fs = m.fs.Kill()
				}
				m.open(t)
			},
			"": func(t *rapid.T) {
				state, err := m.s.State(ctx)
				if err != nil || state.Head != core.Seq(len(m.records)-1) {
					t.Fatalf("state %+v, %v, want %d records", state, err, len(m.records))
				}
			},
		})
		found, err := records(m.s)
		if err != nil || fmt.Sprint(found) != fmt.Sprint(m.records) {
			t.Fatalf("the log holds %q, %v, want %q", found, err, m.records)
		}
	})
}

type model struct {
	fs      *memfs.FS
	options filestore.Options
	s       *filestore.Store
	records []string
	views   map[string][]byte
}

func (m *model) open(t *rapid.T) {
	s, err := filestore.Open(m.fs, m.options)
	if err != nil {
		t.Fatal(err)
	}
	m.s = s
	if r := s.Recovered(); r.Lost != 0 || r.Meta {
		t.Fatalf("recovered %+v", r)
	}
}

// draw makes a commit. A few records are large, so that reads meet the distance
// of marks and the size of pieces.
func (m *model) draw(t *rapid.T) (segments []*segment.Segment, records []string) {
	for range rapid.IntRange(1, 4).Draw(t, "segments") {
		var b segment.Builder
		size := rapid.SampledFrom([]int{0, 1, 5, 30, 300, 3000, 40_000}).Draw(t, "size")
		for i := range rapid.IntRange(1, 1+300/(1+size)).Draw(t, "records") {
			r := fmt.Sprint(len(m.records)+len(records), string(bytes.Repeat([]byte{byte('a' + i%26)}, size)))
			b.Add([]byte(r))
			records = append(records, r)
		}
		segments = append(segments, b.Finish())
	}
	return segments, records
}

func (m *model) append(t *rapid.T) {
	segments, records := m.draw(t)
	if _, err := m.s.Append(ctx, segments); err != nil {
		t.Fatal(err)
	}
	m.records = append(m.records, records...)
}

// fail appends while something fails that can be undone.
func (m *model) fail(t *rapid.T) {
	segments, _ := m.draw(t)
	op := "WriteAt"
	if m.options.Strict && rapid.Bool().Draw(t, "sync") {
		op = "Sync"
	}
	m.fs.Inject(memfs.Fault{At: 1, Err: errDisk, Short: true, Ops: []string{op}})
	if _, err := m.s.Append(ctx, segments); !errors.Is(err, errDisk) || errors.Is(err, core.ErrUncertain) {
		t.Fatalf("append: %v", err)
	}
	m.fs.Heal()
}

func (m *model) read(t *rapid.T) {
	if len(m.records) == 0 {
		return
	}
	seq := core.Seq(rapid.IntRange(0, len(m.records)-1).Draw(t, "seq"))
	reverse := rapid.Bool().Draw(t, "reverse")
	budget := rapid.SampledFrom([]int{0, 1, 100, 1000, 30_000, 200_000, 1 << 20}).Draw(t, "budget")
	run, err := m.s.Read(ctx, seq, reverse, budget)
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	for i, seg := range run {
		if seg.First() > seq || seg.Last() < seq {
			t.Fatalf("segment %d to %d in the place of %d", seg.First(), seg.Last(), seq)
		}
		for at := seg.First(); at <= seg.Last(); at++ {
			if string(seg.Record(at)) != m.records[at] {
				t.Fatalf("record %d is %.100q", at, seg.Record(at))
			}
		}
		if i > 0 && got >= budget {
			t.Fatalf("%d segments, though %d bytes were enough after %d", len(run), budget, i)
		}
		got += seg.Size()
		if seq = seg.Last() + 1; reverse {
			seq = seg.First() - 1
		}
	}
	if got < budget && seq >= 0 && seq < core.Seq(len(m.records)) {
		t.Fatalf("%d bytes of %d, though the log goes on at %d", got, budget, seq)
	}
}

func (m *model) extents(t *rapid.T) []core.Extent {
	extents, err := m.s.Index(ctx, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return extents
}

func (m *model) index(t *rapid.T) {
	all := m.extents(t)
	next := core.Seq(0)
	for _, e := range all {
		if e.First != next || e.Last < e.First {
			t.Fatalf("index %+v", all)
		}
		next = e.Last + 1
	}
	if int(next) != len(m.records) {
		t.Fatalf("the index ends at %d of %d", next, len(m.records))
	}
	if len(all) == 0 {
		return
	}
	i := rapid.IntRange(0, len(all)-1).Draw(t, "from")
	n := rapid.IntRange(1, 5).Draw(t, "limit")
	seq := core.Seq(rapid.Int64Range(int64(all[i].First), int64(all[i].Last)).Draw(t, "seq"))
	some, err := m.s.Index(ctx, seq, n)
	if want := all[i:min(len(all), i+n)]; err != nil || !slices.Equal(some, want) {
		t.Fatalf("index from %d: %+v, %v, want %+v", seq, some, err, want)
	}
}

func (m *model) replace(t *rapid.T) {
	all := m.extents(t)
	if len(all) == 0 {
		return
	}
	i := rapid.IntRange(0, len(all)-1).Draw(t, "from")
	j := rapid.IntRange(i, min(len(all)-1, i+5)).Draw(t, "through")
	var b segment.Builder
	for seq := all[i].First; seq <= all[j].Last; seq++ {
		b.Add([]byte(m.records[seq]))
	}
	seg := b.Finish()
	seg.Place(all[i].First, false)
	before, err := m.s.State(ctx)
	if err != nil {
		t.Fatal(err)
	}
	after, err := m.s.Replace(ctx, core.Replacement{Generation: before.Generation, Segments: []*segment.Segment{seg}, Sealed: all[i].First})
	if errors.Is(err, core.ErrNotAtomic) {
		return
	}
	if err != nil || after.Generation == before.Generation || after.Sealed != all[i].First {
		t.Fatalf("replace: %+v, %v, before %+v", after, err, before)
	}
}

func (m *model) checkpoint(t *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "A", "", "_41", "con", string(bytes.Repeat([]byte("long"), 100))}).Draw(t, "name")
	if rapid.Bool().Draw(t, "get") {
		v, err := m.s.Checkpoint(ctx, name)
		if err != nil || !bytes.Equal(v, m.views[name]) || (v == nil) != (m.views[name] == nil) {
			t.Fatalf("checkpoint %q: %q, %v, want %q", name, v, err, m.views[name])
		}
		return
	}
	var v []byte
	if rapid.Bool().Draw(t, "set") {
		v = []byte(rapid.StringN(0, 50, 200).Draw(t, "value"))
	}
	if err := m.s.SetCheckpoint(ctx, name, v); err != nil {
		t.Fatal(err)
	}
	m.views[name] = v
}
