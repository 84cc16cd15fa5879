package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/faultstore"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

// healths is what a log tells of its health, in words.
type healths struct {
	mu   sync.Mutex
	told []string
	all  []core.Health
}

func (h *healths) hear(now core.Health) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, now)
	h.told = append(h.told, fmt.Sprintf("%s %s", now.Condition, now.Step))
}

func (h *healths) want(t *testing.T, told ...string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.told, told) {
		t.Errorf("the health was %q, want %q", h.told, told)
	}
	h.told = nil
}

func (h *healths) last() core.Health {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all[len(h.all)-1]
}

// openLimited opens a log in a store of so many bytes, which merges nothing by
// itself.
func openLimited(t *testing.T, bytes int) (*core.Log, *faultstore.Limited, *healths) {
	t.Helper()
	store := faultstore.Limit(memstore.Open(new(memstore.Disk)), bytes)
	h := new(healths)
	l, err := core.Open(context.Background(), store, core.Options{SegmentBytes: 2048, Health: h.hear})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(context.Background()) })
	return l, store, h
}

// appendUntilFull appends record after record, and answers how many there are.
func appendUntilFull(t *testing.T, l *core.Log) (n int) {
	t.Helper()
	for n = int(l.Since()) + 1; ; n++ {
		seq, err := l.Append(context.Background(), record(n))
		if errors.Is(err, core.ErrQuota) {
			return n
		}
		if err != nil || seq != core.Seq(n) {
			t.Fatalf("append %d: %d, %v", n, seq, err)
		}
		if n > 100_000 {
			t.Fatal("there is no end of room")
		}
	}
}

func mustSet(t *testing.T, l *core.Log, name string, size int) {
	t.Helper()
	if err := l.SetCheckpoint(context.Background(), name, make([]byte, size)); err != nil {
		t.Fatal(err)
	}
}

func wantCheckpoint(t *testing.T, l *core.Log, name string, there bool) {
	t.Helper()
	b, err := l.Checkpoint(context.Background(), name)
	if err != nil || there != (b != nil) {
		t.Errorf("checkpoint %q: %d bytes, %v; want it there: %t", name, len(b), err, there)
	}
}

func TestSmallSegmentsMakeRoom(t *testing.T) {
	for _, room := range []int{500, 2500} { // less than a full segment takes, and more
		l, store, h := openLimited(t, 100_000)
		mustSet(t, l, "view", 1000)
		const n = 200
		for i := range n {
			if _, err := l.Append(context.Background(), record(i)); err != nil {
				t.Fatal(err)
			}
		}
		used, err := store.Used(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		store.SetLimit(used + room)
		if _, err := l.Append(context.Background(), make([]byte, room)); err != nil {
			t.Fatal(err)
		}
		h.want(t, "rescuing compact", "ok compact")
		if freed := h.last().Freed; freed < 5000 {
			t.Errorf("%d bytes were freed", freed)
		}
		wantCheckpoint(t, l, "view", true)
		if report, err := l.Verify(context.Background(), nil); err != nil || len(report.Damage) > 0 || report.Records != n+1 {
			t.Fatalf("verify: %+v, %v", report, err)
		}
		for i := range n {
			if r, err := l.Get(context.Background(), core.Seq(i)); err != nil || string(r) != string(record(i)) {
				t.Fatalf("record %d is %s, %v", i, r, err)
			}
		}
	}
}

func TestWhatCanBeMadeAgainMakesRoom(t *testing.T) {
	l, _, h := openLimited(t, 20_000)
	mustSet(t, l, "view", 3000)
	mustSet(t, l, "view\x000", 3000)
	mustSet(t, l, core.OwnPrefix+"imports", 3000)
	n := appendUntilFull(t, l)
	if n < 120 {
		t.Errorf("only %d records had room", n)
	}
	wantCheckpoint(t, l, "view", false)
	wantCheckpoint(t, l, "view\x000", false)
	wantCheckpoint(t, l, core.OwnPrefix+"imports", true)
	h.mu.Lock()
	if !slices.Contains(h.told, "ok checkpoints") || h.told[len(h.told)-1] != "full " || !errors.Is(h.all[len(h.all)-1].Err, core.ErrQuota) {
		t.Errorf("the health was %q", h.told)
	}
	h.mu.Unlock()
	wantRecords(t, l, n)
}

// spare is a user of the log that has something to give.
type spare struct {
	log    *core.Log
	name   string
	needed bool
	gave   []bool
}

func (s *spare) Needs(name string) bool { return s.needed && name == s.name }

func (s *spare) Give(ctx context.Context, all bool) (int64, bool, error) {
	s.gave = append(s.gave, all)
	return 0, false, nil
}

func TestWhatIsNeededGoesLast(t *testing.T) {
	l, store, h := openLimited(t, 10_000)
	needed := &spare{log: l, name: "needed", needed: true}
	remove := l.AddSpare(needed)
	mustSet(t, l, "needed", 2000)
	mustSet(t, l, "other", 2000)
	n := 0
	fill := func() {
		t.Helper()
		used, err := store.Used(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		store.SetLimit(used)
		if _, err := l.Append(context.Background(), record(n)); err != nil {
			t.Fatalf("append %d: %v", n, err)
		}
		n++
	}
	fill()
	h.want(t, "rescuing compact", "rescuing checkpoints", "ok checkpoints")
	wantCheckpoint(t, l, "needed", true)
	wantCheckpoint(t, l, "other", false)
	fill()
	h.want(t, "rescuing compact", "rescuing checkpoints", "rescuing views", "ok views")
	wantCheckpoint(t, l, "needed", false)
	if fmt.Sprint(needed.gave) != "[false false true]" {
		t.Errorf("it was asked to give all: %v", needed.gave)
	}
	remove()
	appendUntilFull(t, l)
	if len(needed.gave) != 3 {
		t.Error("it was asked although it has gone")
	}
}

func TestNoRoomAndThenSome(t *testing.T) {
	l, store, h := openLimited(t, 5000)
	if _, err := l.Append(context.Background(), record(0), make([]byte, 6000)); !errors.Is(err, core.ErrQuota) {
		t.Fatalf("an append of more than there is room for: %v", err)
	}
	h.want(t, "rescuing compact", "rescuing checkpoints", "rescuing views", "full ")
	if _, err := l.Append(context.Background(), record(0)); err != nil {
		t.Fatalf("an append that there is room for: %v", err)
	}
	h.want(t, "ok ")
	n := appendUntilFull(t, l)
	for range 3 {
		if _, err := l.Append(context.Background(), record(n)); !errors.Is(err, core.ErrQuota) {
			t.Fatalf("append to a full store: %v", err)
		}
	}
	store.SetLimit(100_000)
	if _, err := l.Append(context.Background(), record(n)); err != nil {
		t.Fatalf("append with room again: %v", err)
	}
	if h.last().Condition != core.Healthy {
		t.Errorf("the health is %+v", h.last())
	}
	wantRecords(t, l, n+1)
}

// reclaiming is a store whose host counts what is deleted as used until it has
// been asked to give it back so many times.
type reclaiming struct {
	*faultstore.Limited
	limit, calls, times int
}

func (s *reclaiming) Reclaim(ctx context.Context) error {
	if s.calls++; s.calls == s.times {
		s.SetLimit(s.limit)
	}
	return nil
}

func TestRoomThatTheHostGivesBackLater(t *testing.T) {
	for times := 1; times <= 4; times++ {
		store := &reclaiming{Limited: faultstore.Limit(memstore.Open(new(memstore.Disk)), 100), limit: 1000, times: times}
		h := new(healths)
		l, err := core.Open(context.Background(), store, core.Options{Health: h.hear})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Append(context.Background(), make([]byte, 500)); err != nil || store.calls != times {
			t.Errorf("an append, after %d of %d calls: %v", store.calls, times, err)
		}
		h.want(t, "rescuing compact", "ok compact")
		store.times = 0
		for range 3 {
			if _, err := l.Append(context.Background(), make([]byte, 5000)); !errors.Is(err, core.ErrQuota) {
				t.Fatal(err)
			}
		}
		if store.calls > times+4 {
			t.Errorf("a host that has nothing was asked %d times", store.calls-times)
		}
		l.Close(context.Background())
	}
}

// A full log can be made smaller by deleting, which itself takes room for a while.
func TestDeletingFromAFullLog(t *testing.T) {
	l, store, h := openLimited(t, 100_000)
	var all [][]byte
	for i := range 1000 {
		all = append(all, record(i))
	}
	if _, err := l.Append(context.Background(), all...); err != nil {
		t.Fatal(err)
	}
	mustSet(t, l, "view", 3000)
	used, err := store.Used(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	store.SetLimit(used + 100)
	var seqs []core.Seq
	for seq := range core.Seq(1000) {
		if seq%2 == 0 {
			seqs = append(seqs, seq)
		}
	}
	if err := l.Delete(context.Background(), seqs...); err != nil {
		t.Fatal(err)
	}
	if after, err := store.Used(context.Background()); err != nil || after > used*2/3 {
		t.Errorf("%d bytes became %d, %v", used, after, err)
	}
	h.want(t, "rescuing compact", "rescuing checkpoints", "ok checkpoints")
	if stats, err := l.Stats(context.Background()); err != nil || stats.Deleted != 500 {
		t.Errorf("%+v, %v", stats, err)
	}
}

// What waits behind an append that has no room is answered in order, each on its
// own.
func TestAppendsBehindOneWithoutRoom(t *testing.T) {
	l, _, _ := openLimited(t, 5000)
	var answers []string
	var wait sync.WaitGroup
	enqueue := func(name string, r []byte) {
		wait.Add(1)
		err := l.Enqueue(r, []uint32{uint32(len(r))}, func(seq core.Seq, err error) {
			answers = append(answers, fmt.Sprintf("%s %d %t", name, seq, errors.Is(err, core.ErrQuota)))
			wait.Done()
		})
		if err != nil {
			t.Fatal(err)
		}
		l.Commit()
	}
	enqueue("first", record(0))
	wait.Wait()
	for i := range 3 {
		enqueue("large", make([]byte, 6000))
		wait.Wait()
		enqueue("small", record(i+1))
		wait.Wait()
	}
	want := []string{"first 0 false", "large -1 true", "small 1 false", "large -1 true", "small 2 false", "large -1 true", "small 3 false"}
	if !slices.Equal(answers, want) {
		t.Errorf("the answers were %q, want %q", answers, want)
	}
	wantRecords(t, l, 4)
}

func TestKeyedAppendsAreRescuedToo(t *testing.T) {
	l, _, h := openLimited(t, 3000)
	mustSet(t, l, "view", 2990)
	made, again, err := l.AppendOnce(context.Background(), "key", record(0))
	if err != nil || again || made.Last != 0 {
		t.Fatalf("an append with a key: %+v, %t, %v", made, again, err)
	}
	h.want(t, "rescuing compact", "rescuing checkpoints", "ok checkpoints")
	if _, again, err = l.AppendOnce(context.Background(), "key", record(0)); err != nil || !again {
		t.Fatalf("the same once more: %t, %v", again, err)
	}
	wantRecords(t, l, 1)
}

// A crash at any step of a rescue loses nothing that was acknowledged, and leaves
// no half of anything.
func TestCrashesWhileRoomIsMade(t *testing.T) {
	for k, done := 1, false; !done; k++ {
		for _, after := range []bool{false, true} {
			disk := new(memstore.Disk)
			store := faultstore.Wrap(faultstore.Limit(memstore.Open(disk), 4000), faultstore.Fault{At: k, Crash: true, Done: after})
			acked := fillAndCrash(t, store)
			done = !store.Crashed()
			l, err := core.Open(context.Background(), memstore.Open(disk), core.Options{SegmentBytes: 1024})
			if err != nil {
				t.Fatal(err)
			}
			if n := int(l.Since()) + 1; n < acked || n > acked+1 {
				t.Fatalf("crash at %d: %d records are there, %d were acknowledged", k, n, acked)
			}
			wantRecords(t, l, int(l.Since())+1)
			l.Close(context.Background())
		}
	}
}

func fillAndCrash(t *testing.T, store core.Store) (acked int) {
	t.Helper()
	l, err := core.Open(context.Background(), store, core.Options{SegmentBytes: 1024})
	if err != nil {
		return 0
	}
	defer l.Close(context.Background())
	if err := l.SetCheckpoint(context.Background(), "view", make([]byte, 1500)); err != nil {
		return 0
	}
	for {
		if _, err := l.Append(context.Background(), record(acked)); err != nil {
			if !errors.Is(err, core.ErrQuota) && !errors.Is(err, faultstore.ErrCrashed) {
				t.Fatalf("append %d: %v", acked, err)
			}
			return acked
		}
		acked++
	}
}
