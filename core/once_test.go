package core_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/faultstore"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

func TestAppendOnce(t *testing.T) {
	ctx := context.Background()
	disk := new(memstore.Disk)
	l := openLog(t, disk, core.Options{})
	made, again, err := l.AppendOnce(ctx, "a", record(0), record(1))
	if err != nil || again || made.Last != 1 || made.Count != 2 {
		t.Fatalf("append: %+v, %t, %v", made, again, err)
	}
	if made, again, err = l.AppendOnce(ctx, "a", record(0), record(1)); err != nil || !again || made.Last != 1 {
		t.Fatalf("the same again: %+v, %t, %v", made, again, err)
	}
	for name, other := range map[string][][]byte{
		"fewer":             {record(0)},
		"other":             {record(0), record(2)},
		"cut in other ways": {append(record(0), record(1)[0]), record(1)[1:]},
	} {
		if _, _, err := l.AppendOnce(ctx, "a", other...); !errors.Is(err, core.ErrKeyReused) {
			t.Fatalf("%s records under the same key: %v", name, err)
		}
	}
	for _, key := range []string{"", string(make([]byte, core.MaxKey+1))} {
		if _, _, err := l.AppendOnce(ctx, key, record(2)); !errors.Is(err, core.ErrInvalidKey) {
			t.Fatalf("a key of %d bytes: %v", len(key), err)
		}
	}
	if _, _, err := l.AppendOnce(ctx, "b"); !errors.Is(err, core.ErrInvalidRecord) {
		t.Fatalf("without records: %v", err)
	}

	// What another context has appended is there when this one answers.
	other := openLog(t, disk, core.Options{})
	if _, _, err := other.AppendOnce(ctx, "b", record(2)); err != nil {
		t.Fatal(err)
	}
	if made, again, err = l.AppendOnce(ctx, "b", record(2)); err != nil || !again || made.Last != 2 || l.Since() != 2 {
		t.Fatalf("what another has appended: %+v, %t, %v, since %d", made, again, err, l.Since())
	}
	wantRecords(t, l, 3)
}

// TestAppendOnceAtOnce mixes appends with keys, of which each is made by three,
// and such without.
func TestAppendOnceAtOnce(t *testing.T) {
	ctx := context.Background()
	l := openLog(t, new(memstore.Disk), core.Options{SegmentBytes: 1000})
	const each = 300
	var wait sync.WaitGroup
	answers := make([][]core.Seq, 3)
	for i := range answers {
		answers[i] = make([]core.Seq, each)
		for n := range each {
			wait.Go(func() {
				made, _, err := l.AppendOnce(ctx, fmt.Sprint(n), fmt.Appendf(nil, "%d", n), make([]byte, n))
				if err != nil {
					t.Error(err)
				}
				answers[i][n] = made.Last
				if n%10 == i {
					if _, err := l.Append(ctx, []byte("other")); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wait.Wait()
	if since := l.Since(); since != each*2+3*each/10-1 {
		t.Fatalf("since is %d", since)
	}
	for n := range each {
		seq := answers[0][n]
		if answers[1][n] != seq || answers[2][n] != seq {
			t.Fatalf("append %d was answered %d, %d and %d", n, seq, answers[1][n], answers[2][n])
		}
		if r, err := l.Get(ctx, seq-1); err != nil || string(r) != fmt.Sprint(n) {
			t.Fatalf("record %d is %s, %v; want %d", seq-1, r, err, n)
		}
	}
}

// insist appends under keys, one after the other, from the n-th on, and answers
// how far it has come before something failed.
func insist(l *core.Log, n, through int) (int, error) {
	for ; n < through; n++ {
		first := core.Seq(n * (n + 1) / 2)
		var records [][]byte
		for i := range n + 1 {
			records = append(records, record(int(first)+i))
		}
		made, _, err := l.AppendOnce(context.Background(), fmt.Sprint("key ", n), records...)
		if err != nil {
			return n, err
		}
		if made.Last != first+core.Seq(n) {
			return n, fmt.Errorf("append %d was answered %d, want %d", n, made.Last, first+core.Seq(n))
		}
	}
	return n, nil
}

// TestAppendOnceOverCrashes crashes at every operation of the store and tries
// what was not acknowledged again: it is there once.
func TestAppendOnceOverCrashes(t *testing.T) {
	const appends = 12
	for _, done := range []bool{false, true} {
		for k := 2; ; k++ {
			disk := new(memstore.Disk)
			faulty := faultstore.Wrap(memstore.Open(disk), faultstore.Fault{At: k, Done: done, Crash: true})
			l, err := core.Open(context.Background(), faulty, core.Options{})
			if err != nil {
				t.Fatal(err)
			}
			n, err := insist(l, 0, appends)
			if err != nil && !errors.Is(err, faultstore.ErrCrashed) {
				t.Fatal(err)
			}
			l.Close(context.Background())
			again := openLog(t, disk, core.Options{})
			if _, err := insist(again, n, appends); err != nil {
				t.Fatalf("done %t, operation %d: %v", done, k, err)
			}
			wantRecords(t, again, appends*(appends+1)/2)
			if !faulty.Crashed() {
				break
			}
		}
	}
}

// TestAppendOnceOverUncertainty has an append take effect and fail: the key
// tells the log itself, and nobody else need know.
func TestAppendOnceOverUncertainty(t *testing.T) {
	for _, done := range []bool{false, true} {
		disk := new(memstore.Disk)
		faulty := faultstore.Wrap(memstore.Open(disk), faultstore.Fault{At: 3, Done: done, Err: core.ErrUncertain})
		l, err := core.Open(context.Background(), faulty, core.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := insist(l, 0, 5); err != nil {
			t.Fatalf("done %t: %v", done, err)
		}
		wantRecords(t, l, 15)
		l.Close(context.Background())
	}
}

// TestAppendOnceOverFilesThatCrash does so with every operation of the file
// system, after which somebody else appends first, and takes the seqs.
func TestAppendOnceOverFilesThatCrash(t *testing.T) {
	const appends = 6
	for _, c := range []struct {
		name             string
		strict, powerCut bool
		fail             bool
	}{
		{"killed", false, false, false},
		{"strict, power cut", true, true, false},
		{"a failure", false, false, true},
		{"strict, a failure and a power cut", true, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			seeds := uint64(1)
			if c.powerCut {
				seeds = 6
			}
			for k, finished := 1, false; !finished; k++ {
				for seed := range seeds {
					disk := memfs.New(seed)
					fault := memfs.Fault{At: k, Crash: true}
					if c.fail {
						fault = memfs.Fault{At: k, Err: errors.New("no")}
					}
					disk.Inject(fault)
					finished = keysOverFiles(t, disk, c.strict, c.powerCut, appends)
					if t.Failed() {
						t.Fatalf("operation %d, seed %d", k, seed)
					}
				}
			}
		})
	}
}

func keysOverFiles(t *testing.T, disk *memfs.FS, strict, powerCut bool, appends int) (finished bool) {
	ctx := context.Background()
	open := func() (*core.Log, error) {
		store, err := filestore.Open(disk, filestore.Options{Strict: strict, FileSize: 300})
		if err != nil {
			return nil, err
		}
		return core.Open(ctx, store, core.Options{})
	}
	want := map[string]int{}
	failed := false
	for n := 0; n < appends; {
		l, err := open()
		for ; err == nil && n < appends; n++ {
			text := fmt.Sprintf("of key %d", n)
			want[text] = 1
			if _, _, err = l.AppendOnce(ctx, fmt.Sprint(n), []byte(text), []byte("and more")); err != nil {
				break
			}
		}
		if err != nil {
			failed = true
		}
		if l != nil && err != nil {
			l.Append(ctx, []byte("of another"), []byte("and another"))
		}
		if l != nil {
			if c := l.Close(ctx); c != nil {
				failed = true
			}
		}
		if disk.Crashed() || powerCut && failed {
			after := disk.Kill
			if powerCut {
				after = disk.PowerCut
			}
			disk = after()
		}
		if err == nil {
			break
		}
		if l, err = open(); err == nil {
			l.Append(ctx, []byte("of another"), []byte("and another"))
			l.Close(ctx)
		}
	}
	struck := disk.Struck() || failed
	disk.Heal()
	l, err := open()
	if err != nil {
		t.Error(err)
		return true
	}
	defer l.Close(ctx)
	got := map[string]int{}
	for seq := core.Seq(0); seq <= l.Since(); seq++ {
		r, err := l.Get(ctx, seq)
		if err != nil {
			t.Error(err)
		}
		got[string(r)]++
	}
	for text := range want {
		if got[text] != 1 {
			t.Errorf("%q is there %d times", text, got[text])
		}
	}
	if got["and more"] != appends {
		t.Errorf("%d seconds of %d appends are there", got["and more"], appends)
	}
	return !struck
}
