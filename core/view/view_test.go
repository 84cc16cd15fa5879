package view_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"github.com/flumedb/flumedb-wasm/core/view"
)

var ctx = context.Background()

func openLog(t *testing.T, store core.Store) *core.Log {
	t.Helper()
	log, err := core.Open(ctx, store, core.Options{SegmentBytes: 2048, CacheBytes: 4096})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close(ctx) })
	return log
}

func open(t *testing.T, store core.Store, opts view.Options) (*core.Log, *view.Set) {
	t.Helper()
	log := openLog(t, store)
	set := view.Open(log, opts)
	t.Cleanup(func() { set.Close(ctx) })
	return log, set
}

func memory() core.Store { return memstore.Open(new(memstore.Disk)) }

func add(t *testing.T, log *core.Log, records ...string) core.Seq {
	t.Helper()
	var all [][]byte
	for _, r := range records {
		all = append(all, []byte(r))
	}
	seq, err := log.Append(ctx, all...)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func addMany(t *testing.T, log *core.Log, n int) {
	t.Helper()
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"n":%d,"text":%q}`, i, strings.Repeat("x", 100)))
	}
	add(t, log, all...)
}

func mount(t *testing.T, set *view.Set, name, version string) *view.Mounted {
	t.Helper()
	m, err := set.Mount(ctx, view.Spec{Name: name, Version: version, Kind: sumKind, Options: json.Value(`{"path":"n"}`)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func total(t *testing.T, m *view.Mounted, since core.Seq) string {
	t.Helper()
	answer, err := m.Read(ctx, since, "get", nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer.Member("total"))
}

func TestFailureStopsOneViewAtItsRecord(t *testing.T) {
	for _, how := range []string{"fail", "panic"} {
		log, set := open(t, memory(), view.Options{})
		before, m, after := mount(t, set, "before", "1"), mount(t, set, "m", "1"), mount(t, set, "after", "1")
		other, err := set.Mount(ctx, view.Spec{Name: "other", Kind: sumKind, Options: json.Value(`{"path":"k"}`)})
		if err != nil {
			t.Fatal(err)
		}
		add(t, log, `{"n":1,"k":1}`, `{"n":2,"k":1}`)
		add(t, log, `{"n":4,"k":1}`, `{"n":"`+how+`","k":1}`, `{"n":8,"k":1}`)
		for _, m := range []*view.Mounted{before, m, after} {
			var stopped *view.Error
			_, err := m.Read(ctx, view.Newest, "get", nil)
			if !errors.As(err, &stopped) || stopped.Seq != 3 || stopped.View != m.Name() || !errors.Is(err, view.ErrStopped) || !strings.Contains(err.Error(), "a bad record") {
				t.Fatalf("%s: %v", m.Name(), err)
			}
			if how == "fail" && !errors.Is(err, errBad) {
				t.Fatalf("%s: %v", m.Name(), err)
			}
			if got := total(t, m, view.Loaded); got != "7" {
				t.Fatalf("%s has %s", m.Name(), got)
			}
			if got := total(t, m, 2); got != "7" {
				t.Fatalf("%s at 2 has %s", m.Name(), got)
			}
		}
		add(t, log, `{"n":16,"k":1}`)
		if got := total(t, other, view.Newest); got != "6" {
			t.Fatalf("the other view has %s", got)
		}
		if st := m.Status(); st.Since != 2 || st.Total != 5 || st.Err == nil {
			t.Fatalf("%+v", st)
		}
	}
}

func TestRecordThatIsNoJSON(t *testing.T) {
	log, set := open(t, memory(), view.Options{})
	m := mount(t, set, "m", "1")
	add(t, log, `{"n":1}`, "\x00\x01 no json", `{"n":1}`)
	_, err := m.Read(ctx, view.Newest, "get", nil)
	var stopped *view.Error
	if !errors.As(err, &stopped) || stopped.Seq != 1 || !errors.Is(err, json.ErrSyntax) {
		t.Fatal(err)
	}
}

func TestRebuildGoesOnAfterAFailure(t *testing.T) {
	log, set := open(t, memory(), view.Options{})
	failing := true
	m, err := set.Mount(ctx, view.Spec{Name: "m", Kind: sumKind, Options: json.Value(`{"path":"n"}`), Map: func(_ context.Context, _ core.Seq, records [][]byte) (all []json.Value, err error) {
		for _, r := range records {
			if failing && json.Value(r).Member("bad") != nil {
				return all, errBad
			}
			all = append(all, r)
		}
		return all, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	add(t, log, `{"n":1}`, `{"n":2}`, `{"n":4,"bad":1}`, `{"n":8}`)
	if _, err := m.Read(ctx, view.Newest, "get", nil); !errors.Is(err, errBad) {
		t.Fatal(err)
	}
	if got := total(t, m, view.Loaded); got != "3" {
		t.Fatal(got)
	}
	failing = false
	if err := m.Rebuild(); err != nil {
		t.Fatal(err)
	}
	if got := total(t, m, view.Newest); got != "15" {
		t.Fatal(got)
	}
}

func TestDamageStopsThoseWhoHaveToPassIt(t *testing.T) {
	disk := new(memstore.Disk)
	log, set := open(t, memstore.Open(disk), view.Options{})
	seen := mount(t, set, "seen", "1")
	for i := range 10 {
		add(t, log, fmt.Sprintf(`{"n":%d,"x":%q}`, i, strings.Repeat("x", 3000)))
	}
	total(t, seen, view.Newest)
	if err := set.Close(ctx); err != nil {
		t.Fatal(err)
	}
	disk.Damage(4, 100)
	log, set = open(t, memstore.Open(disk), view.Options{})
	seen, late := mount(t, set, "seen", "1"), mount(t, set, "late", "1")
	var damage *segment.CorruptError
	if _, err := late.Read(ctx, view.Newest, "get", nil); !errors.As(err, &damage) || damage.First != 4 {
		t.Fatal(err)
	}
	if got := total(t, late, view.Loaded); got != "6" {
		t.Fatal(got)
	}
	add(t, log, `{"n":100}`)
	if got := total(t, seen, view.Newest); got != "145" {
		t.Fatal(got)
	}
}

// gated is a store that counts reads of the log, and holds them up until its
// gate is open.
type gated struct {
	core.Store
	gate  chan struct{}
	reads atomic.Int32
}

func (s *gated) Read(ctx context.Context, seq core.Seq, reverse bool, budget int) ([]*segment.Segment, error) {
	<-s.gate
	s.reads.Add(1)
	return s.Store.Read(ctx, seq, reverse, budget)
}

func TestViewsThatLagAreFedInOnePass(t *testing.T) {
	disk := new(memstore.Disk)
	log, set := open(t, memstore.Open(disk), view.Options{})
	first := mount(t, set, "first", "1")
	addMany(t, log, 1000)
	total(t, first, view.Newest)
	set.Close(ctx)
	addMany(t, log, 1000)
	log.Close(ctx)

	reads := func(mounts int) int {
		store := &gated{Store: memstore.Open(disk.Clone()), gate: make(chan struct{})}
		log, set := open(t, store, view.Options{Batch: 4096})
		all := []*view.Mounted{mount(t, set, "first", "1")} // is half-way
		for i := range mounts {
			all = append(all, mount(t, set, fmt.Sprint("view", i), "1"))
		}
		close(store.gate)
		for _, m := range all {
			if err := m.Wait(ctx, 1999); err != nil {
				t.Fatal(err)
			}
			if got := total(t, m, view.Newest); got != "999000" {
				t.Fatalf("%s has %s", m.Name(), got)
			}
		}
		set.Close(ctx)
		log.Close(ctx)
		return int(store.reads.Load())
	}
	// The one that is half-way has begun to read before the others came, and to
	// read ahead.
	if one, ten := reads(1), reads(10); ten > one+2 {
		t.Fatalf("%d reads for one view, %d for ten", one, ten)
	}
}

func TestViewsThatHaveCaughtUpDoNotWaitForOthers(t *testing.T) {
	turns := make(chan struct{})
	var gated atomic.Bool
	log, set := open(t, memory(), view.Options{Slice: 1, Batch: 1 << 12, Yield: func(ctx context.Context) {
		if gated.Load() {
			select {
			case <-turns:
			case <-ctx.Done():
			}
		}
	}})
	live := mount(t, set, "live", "1")
	addMany(t, log, 5000)
	total(t, live, view.Newest)
	gated.Store(true)
	slow := mount(t, set, "slow", "1")
	seq := add(t, log, `{"n":1}`)
	used := 0
	for live.Status().Since < seq {
		select {
		case turns <- struct{}{}:
			used++
		case <-time.After(time.Millisecond):
		}
	}
	if slow.Status().Since >= 2500 || used > 20 {
		t.Fatalf("after %d turns, the other is at %d", used, slow.Status().Since)
	}
	close(turns)
	if total(t, live, view.Newest) != total(t, slow, view.Newest) {
		t.Fatal("they differ")
	}
}

func TestCallWaitsForWhatIsNotInMemory(t *testing.T) {
	disk := new(memstore.Disk)
	log, set := open(t, memstore.Open(disk), view.Options{})
	m := mount(t, set, "m", "1")
	addMany(t, log, 2000)
	total(t, m, view.Newest)
	p := m.Call("record", json.Value(`[3]`), false)
	if err := p.TryNow(); !errors.Is(err, view.ErrAwait) {
		t.Fatal(err)
	}
	answer, err := m.Read(ctx, view.Newest, "record", json.Value(`[3]`))
	if err != nil || string(answer.Member("n")) != "3" {
		t.Fatalf("%s, %v", answer, err)
	}
	if _, err := m.Read(ctx, view.Newest, "record", json.Value(`[3000]`)); !errors.Is(err, core.ErrNotFound) {
		t.Fatal(err)
	}
	if _, err := m.Read(ctx, view.Newest, "panic", nil); err == nil || !strings.Contains(err.Error(), "panicked in panic: in a call") {
		t.Fatal(err)
	}
}

func TestWaits(t *testing.T) {
	log, set := open(t, memory(), view.Options{})
	m := mount(t, set, "m", "1")
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if err := m.Wait(short, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	waited := make(chan error)
	for seq := range core.Seq(3) {
		go func() { waited <- m.Wait(ctx, seq) }()
	}
	add(t, log, `{}`, `{}`)
	for range 2 {
		if err := <-waited; err != nil {
			t.Fatal(err)
		}
	}
	set.Close(ctx)
	if err := <-waited; !errors.Is(err, core.ErrClosed) {
		t.Fatal(err)
	}
	if _, err := set.Mount(ctx, view.Spec{Name: "late", Kind: sumKind, Options: json.Value(`{"path":"n"}`)}); !errors.Is(err, core.ErrClosed) {
		t.Fatal(err)
	}
}

func TestMountRefuses(t *testing.T) {
	_, set := open(t, memory(), view.Options{})
	mount(t, set, "m", "1")
	if _, err := set.Mount(ctx, view.Spec{Name: "m", Kind: sumKind, Options: json.Value(`{"path":"n"}`)}); !errors.Is(err, view.ErrMounted) {
		t.Fatal(err)
	}
	if _, err := set.Mount(ctx, view.Spec{Name: "n", Kind: sumKind}); !errors.Is(err, view.ErrOption) {
		t.Fatal(err)
	}
	if n := len(set.Views()); n != 1 {
		t.Fatalf("%d views", n)
	}
}

// TestCheckpointsAreWrittenOnTheWay shows that a view that is long in building
// does not begin again after a crash, and that appends never wait for one.
func TestCheckpointsAreWrittenOnTheWay(t *testing.T) {
	disk := new(memstore.Disk)
	addMany(t, openLog(t, memstore.Open(disk)), 5000)
	turns := make(chan struct{})
	log := openLog(t, memstore.Open(disk))
	set := view.Open(log, view.Options{Pause: 1, Interval: 1, Batch: 4096, Slice: 1, Yield: func(ctx context.Context) {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
		}
	}})
	m := mount(t, set, "m", "1")
	for m.Status().Bytes == 0 {
		<-turns
		time.Sleep(time.Millisecond)
	}
	if st := m.Status(); st.Since >= 4999 || m.Rate() <= 0 {
		t.Fatalf("%+v", st)
	}
	// A crash: nothing is closed.
	_, other := open(t, memstore.Open(disk.Clone()), view.Options{Pause: time.Hour, Slice: 1, Yield: func(ctx context.Context) { <-ctx.Done() }})
	m = mount(t, other, "m", "1")
	if st := m.Status(); st.Since <= 0 {
		t.Fatalf("%+v", st)
	}
	go func() {
		for range turns {
		}
	}()
	set.Close(ctx)
	close(turns)
}

// refusing is a store whose checkpoints cannot be written for a while.
type refusing struct {
	core.Store
	left atomic.Int32
}

func (s *refusing) SetCheckpoint(ctx context.Context, name string, value []byte) error {
	if s.left.Add(-1) >= 0 {
		return core.ErrQuota
	}
	return s.Store.SetCheckpoint(ctx, name, value)
}

func TestACheckpointThatCannotBeWrittenIsTriedAgain(t *testing.T) {
	store := &refusing{Store: memory()}
	store.left.Store(3)
	var warned atomic.Int32
	log := openLog(t, store)
	set := view.Open(log, view.Options{Pause: 1, Interval: 20, Warn: func(err error) {
		if errors.Is(err, core.ErrQuota) {
			warned.Add(1)
		}
	}})
	defer set.Close(ctx)
	m := mount(t, set, "m", "1")
	addMany(t, log, 10)
	if got := total(t, m, view.Newest); got != "45" {
		t.Fatal(got)
	}
	for m.Status().Bytes == 0 {
		time.Sleep(time.Millisecond)
	}
	if n := warned.Load(); n != 3 {
		t.Fatalf("warned %d times", n)
	}
}

func TestStatesOfOtherKindsAndNewerBuildsAreNotUsed(t *testing.T) {
	disk := new(memstore.Disk)
	log, set := open(t, memstore.Open(disk), view.Options{})
	total(t, mount(t, set, "m", "1"), view.Newest)
	addMany(t, log, 10)
	set.Close(ctx)
	log.Close(ctx)
	log, set = open(t, memstore.Open(disk), view.Options{})
	other := sumKind
	other.Name = "another"
	m, err := set.Mount(ctx, view.Spec{Name: "m", Version: "1", Kind: other, Options: json.Value(`{"path":"n"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if got := total(t, m, view.Newest); got != "45" {
		t.Fatal(got)
	}
	set.Close(ctx)
	log.Close(ctx)
	b := disk.CheckpointBytes("m")
	b[4] = 9
	disk.PutCheckpoint("m", b)
	_, set = open(t, memstore.Open(disk), view.Options{})
	if got := total(t, mount(t, set, "m", "1"), view.Newest); got != "45" {
		t.Fatal(got)
	}
}

// slowCheckpoints is a store whose checkpoints take a while to be read.
type slowCheckpoints struct {
	core.Store
	gate chan struct{}
}

func (s *slowCheckpoints) Checkpoint(ctx context.Context, name string) ([]byte, error) {
	if name == "slow" {
		<-s.gate
	}
	return s.Store.Checkpoint(ctx, name)
}

// TestWhileAViewIsBeingMounted: found in Chromium, where reading a checkpoint
// takes a while; others were saved meanwhile, and that which was not there yet
// too.
func TestWhileAViewIsBeingMounted(t *testing.T) {
	store := &slowCheckpoints{memory(), make(chan struct{})}
	log, set := open(t, store, view.Options{Pause: 1, Interval: 1})
	m := mount(t, set, "m", "1")
	mounted := make(chan *view.Mounted)
	spec := view.Spec{Name: "slow", Kind: sumKind, Options: json.Value(`{"path":"n"}`)}
	go func() {
		slow, _ := set.Mount(ctx, spec)
		mounted <- slow
	}()
	for range 20 {
		addMany(t, log, 10)
		if got := len(set.Views()); got != 1 {
			t.Fatalf("%d views", got)
		}
		total(t, m, view.Newest)
		time.Sleep(time.Millisecond)
	}
	close(store.gate)
	if slow := <-mounted; total(t, slow, view.Newest) != total(t, m, view.Newest) {
		t.Fatal("they differ")
	}
}

// TestStatesOfWhatAMapHasMade has a view mounted with a map and without in
// turn: neither may take the other's state for its own.
func TestStatesOfWhatAMapHasMade(t *testing.T) {
	disk := new(memstore.Disk)
	twice := func(_ context.Context, _ core.Seq, records [][]byte) (out []json.Value, err error) {
		for _, r := range records {
			n, _ := json.Value(r).Member("n").Float()
			out = append(out, fmt.Appendf(nil, `{"n":%v}`, 2*n))
		}
		return out, nil
	}
	for i, c := range []struct {
		m    view.Map
		want string
	}{{nil, "3"}, {twice, "6"}, {twice, "6"}, {nil, "3"}, {nil, "3"}} {
		log, err := core.Open(ctx, memstore.Open(disk), core.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			add(t, log, `{"n":1}`, `{"n":2}`)
		}
		set := view.Open(log, view.Options{})
		m := mountMapped(t, set, "m", c.m)
		if got := total(t, m, view.Newest); got != c.want {
			t.Fatalf("mounted the %dth time it is %s, not %s", i, got, c.want)
		}
		set.Close(ctx)
		log.Close(ctx)
	}
}

// A state that a view does not take back is found out by whoever needs it first:
// a read, or the next record.
func TestAStateThatCannotBeLoadedIsBuiltAgain(t *testing.T) {
	refuses := sumKind
	refuses.New = func(options json.Value) (view.View, error) {
		v, err := sumKind.New(options)
		return &refusesState{v.(*sum)}, err
	}
	for _, append := range []bool{false, true} {
		disk := new(memstore.Disk)
		log, set := open(t, memstore.Open(disk), view.Options{})
		addMany(t, log, 10)
		total(t, mount(t, set, "m", "1"), view.Newest)
		set.Close(ctx)
		log.Close(ctx)

		log = openLog(t, memstore.Open(disk))
		var warned atomic.Int32
		set = view.Open(log, view.Options{Warn: func(error) { warned.Add(1) }})
		m, err := set.Mount(ctx, view.Spec{Name: "m", Version: "1", Kind: refuses, Options: json.Value(`{"path":"n"}`)})
		if err != nil {
			t.Fatal(err)
		}
		want := "45"
		if append {
			want = "145"
			add(t, log, `{"n":100}`)
		}
		if got := total(t, m, view.Newest); got != want || warned.Load() != 1 {
			t.Fatalf("the total is %s, want %s, with %d warnings", got, want, warned.Load())
		}
		set.Close(ctx)
		log.Close(ctx)
	}
}

type refusesState struct{ *sum }

func (v *refusesState) Load([]byte) error { return errors.New("refused") }

// The parts of "v" are named by it, a zero byte and a number.
func TestANameWithAZeroByteIsRefused(t *testing.T) {
	_, set := open(t, memory(), view.Options{})
	if _, err := set.Mount(ctx, view.Spec{Name: "v\x000", Kind: sumKind, Options: json.Value(`{"path":"n"}`)}); !errors.Is(err, view.ErrOption) {
		t.Fatal(err)
	}
}
