package replica_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/faultstore"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/replica"
)

var ctx = context.Background()

// place is a log somewhere, which can be killed and restored.
type place struct {
	t       *testing.T
	name    string
	disk    *memstore.Disk
	faulty  *faultstore.Store
	log     *core.Log
	replica *replica.Replica
	n       int // how many records it has appended

	// gone is the records that somebody has deleted, shared by all: true where
	// that was answered, false where a crash may have prevented it.
	gone map[string]bool
}

func newPlace(t *testing.T, name string) *place {
	p := &place{t: t, name: name, disk: new(memstore.Disk), gone: map[string]bool{}}
	p.open()
	t.Cleanup(func() { p.log.Close(ctx) })
	return p
}

func (p *place) open(faults ...faultstore.Fault) {
	p.faulty = faultstore.Wrap(memstore.Open(p.disk), faults...)
	log, err := core.Open(ctx, p.faulty, core.Options{SegmentBytes: 200})
	if err != nil {
		p.t.Fatal(err)
	}
	p.log, p.replica = log, replica.New(log, replica.Options{})
}

// restart is the end of the process and a new one.
func (p *place) restart(faults ...faultstore.Fault) {
	p.log.Close(ctx)
	p.open(faults...)
}

// append appends records that say whose they are, and is told nothing where the
// store has crashed.
func (p *place) append(n int) {
	p.t.Helper()
	var records [][]byte
	for i := range n {
		records = append(records, fmt.Appendf(nil, `{"by":%q,"n":%d}`, p.name, p.n+i))
	}
	if _, err := p.log.Append(ctx, records...); err != nil {
		if p.faulty.Crashed() {
			return
		}
		p.t.Fatal(err)
	}
	p.n += n
}

// delete deletes a record.
func (p *place) delete(seq core.Seq) {
	p.t.Helper()
	record, err := p.log.Get(ctx, seq)
	if errors.Is(err, core.ErrDeleted) {
		return
	}
	if err == nil {
		err = p.log.Delete(ctx, seq)
		p.gone[string(record)] = err == nil || p.gone[string(record)]
	}
	if err != nil && !p.faulty.Crashed() {
		p.t.Fatal(err)
	}
}

// wire is what carries messages, and what can happen to them.
type wire struct {
	cutRequest, cutAnswer, twice func() bool
}

var errCut = errors.New("the connection broke")

// piecewise reads at most so many bytes at once, and breaks off behind cut bytes.
type piecewise struct {
	from io.Reader
	size int
	cut  int
}

func (p *piecewise) Read(b []byte) (int, error) {
	if p.cut == 0 {
		return 0, errCut
	}
	n := min(len(b), p.size)
	if p.cut > 0 {
		n = min(n, p.cut)
	}
	n, err := p.from.Read(b[:n])
	if p.cut > 0 {
		p.cut -= n
	}
	return n, err
}

// exchange is one question and its answer. draw(n) is a number below n.
func exchange(s *replica.Session, to *replica.Replica, w wire, draw func(int) int) (replica.Progress, error) {
	message, err := s.Message(ctx, 500)
	if err != nil {
		return replica.Progress{}, err
	}
	var answer bytes.Buffer
	for range 1 + truth(w.twice) {
		answer.Reset()
		request := &piecewise{bytes.NewReader(message), 1 + draw(400), -1}
		if w.cutRequest() {
			request.cut = draw(len(message))
		}
		if err := to.Answer(ctx, request, &answer, replica.Limits{Bytes: 1 + draw(2000)}); err != nil {
			return replica.Progress{}, err
		}
	}
	rest := answer.Bytes()
	if w.cutAnswer() {
		rest = rest[:draw(len(rest))]
	}
	for len(rest) > 0 {
		n := min(len(rest), 1+draw(300))
		if err := s.Take(ctx, bytes.Clone(rest[:n])); err != nil {
			return replica.Progress{}, err
		}
		rest = rest[n:]
	}
	return s.Finish(ctx)
}

func truth(f func() bool) int {
	if f() {
		return 1
	}
	return 0
}

func never() bool { return false }

var quiet = wire{never, never, never}

// sync exchanges until nothing is left.
func sync(t *testing.T, from, to *place) replica.Progress {
	t.Helper()
	s := from.replica.NewSession()
	for range 1000 {
		p, err := exchange(s, to.replica, quiet, func(n int) int { return n - 1 })
		if err != nil {
			t.Fatalf("%s asks %s: %v", from.name, to.name, err)
		}
		if p.Settled {
			return p
		}
	}
	t.Fatalf("%s and %s do not come to an end: %+v", from.name, to.name, s.Progress())
	return replica.Progress{}
}

// records is all records of a log that are not deleted, in order.
func (p *place) records() (all []string) {
	p.t.Helper()
	for seq := core.Seq(0); seq <= p.log.Since(); seq++ {
		record, err := p.log.Get(ctx, seq)
		if errors.Is(err, core.ErrDeleted) {
			continue
		}
		if err != nil {
			p.t.Fatalf("%s: %v", p.name, err)
		}
		all = append(all, string(record))
	}
	return all
}

// wantSame fails unless all hold the same records, each once, those of each name
// in order, and just those that were appended and not deleted.
func wantSame(t *testing.T, all ...*place) {
	t.Helper()
	wantRecords(t, true, all)
}

func wantRecords(t *testing.T, ordered bool, all []*place) {
	t.Helper()
	want := map[string]bool{}
	for _, p := range all {
		for i := range p.n {
			want[fmt.Sprintf(`{"by":%q,"n":%d}`, p.name, i)] = true
		}
	}
	for record, surely := range all[0].gone {
		if surely || !slices.Contains(all[0].records(), record) {
			delete(want, record)
		}
	}
	for _, p := range all {
		newest := map[string]int{}
		got := map[string]bool{}
		for _, record := range p.records() {
			var by string
			var n int
			if _, err := fmt.Sscanf(record, `{"by":%q,"n":%d}`, &by, &n); err != nil {
				t.Fatalf("%s holds %s", p.name, record)
			}
			if last, ok := newest[by]; ordered && ok && n <= last {
				t.Errorf("%s: record %d of %s comes behind its record %d", p.name, n, by, last)
			}
			newest[by] = n
			if got[record] || !want[record] {
				t.Errorf("%s holds %s: twice %t, wanted %t", p.name, record, got[record], want[record])
			}
			got[record] = true
		}
		for record := range want {
			if !got[record] {
				t.Errorf("%s lacks %s", p.name, record)
			}
		}
	}
}

func TestTwo(t *testing.T) {
	a, b := newPlace(t, "a"), newPlace(t, "b")
	b.gone = a.gone
	sync(t, a, b)
	a.append(10)
	b.append(50)
	if p := sync(t, a, b); p.Pulled != 50 || p.Pushed != 10 {
		t.Fatalf("progress: %+v", p)
	}
	wantSame(t, a, b)
	a.append(3)
	a.delete(2)
	b.delete(30) // of its own
	b.delete(55) // of a's
	b.append(1)
	sync(t, b, a)
	wantSame(t, a, b)
	// A third one gets all from either, without what is deleted.
	c := newPlace(t, "c")
	c.gone = a.gone
	sync(t, c, b)
	wantSame(t, a, b, c)
	if got := c.log.Since(); got != 60 {
		t.Fatalf("c has %d records, want the 61 that are not deleted", got+1)
	}
	if p := sync(t, c, a); p.Pulled+p.Pushed != 0 {
		t.Fatalf("c and a have the same, and exchanged %+v", p)
	}
	if slices.Compare(a.records(), b.records()) == 0 {
		t.Fatal("the test is to have two orders of origins")
	}
}

// TestDeletedAtTheEnd has the newest records of an origin deleted before another
// hears of them, and then more.
func TestDeletedAtTheEnd(t *testing.T) {
	a, b := newPlace(t, "a"), newPlace(t, "b")
	b.gone = a.gone
	a.append(5)
	a.delete(3)
	a.delete(4)
	for range 2 {
		sync(t, b, a)
		b.restart()
	}
	a.append(2)
	a.delete(0)
	sync(t, b, a)
	wantSame(t, a, b)
	b.delete(1) // a's second
	for seq := range b.log.Since() + 1 {
		b.delete(seq)
	}
	sync(t, b, a)
	wantSame(t, a, b)
	if left := a.records(); len(left) != 0 {
		t.Fatalf("a has %v left", left)
	}
}

// TestOrderOfTheSender has records of several origins come in the order in which
// they stand at the one that sends them, so that an answer stands behind what it
// answers.
func TestOrderOfTheSender(t *testing.T) {
	a, b, c := newPlace(t, "a"), newPlace(t, "b"), newPlace(t, "c")
	for range 10 {
		a.append(1)
		sync(t, b, a)
		b.append(1)
		sync(t, b, a)
	}
	sync(t, c, a)
	if got, want := c.records(), a.records(); !slices.Equal(got, want) {
		t.Fatalf("c has\n%v\nand a\n%v", got, want)
	}
	notes, err := c.log.Notes(ctx, core.None, 100)
	if err != nil || len(notes) != 20 {
		t.Fatalf("%d notes, %v", len(notes), err)
	}
}

// TestThree has three that append, delete, exchange over connections that break
// and repeat, crash in the middle of commits and go on.
func TestThree(t *testing.T) {
	seeds := 150
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { threeReplicas(t, rand.New(rand.NewPCG(uint64(seed), 5))) })
	}
}

func threeReplicas(t *testing.T, random *rand.Rand) {
	all := []*place{newPlace(t, "a"), newPlace(t, "b"), newPlace(t, "c")}
	for _, p := range all[1:] {
		p.gone = all[0].gone
	}
	chance := func(percent int) func() bool { return func() bool { return random.IntN(100) < percent } }
	w := wire{chance(20), chance(20), chance(20)}
	for range 120 {
		p := all[random.IntN(3)]
		switch n := random.IntN(10); {
		case n < 3:
			p.append(1 + random.IntN(8))
		case n < 4 && p.log.Since() >= 0:
			p.delete(core.Seq(random.Int64N(int64(p.log.Since()) + 1)))
		case n < 5:
			// It dies within its next operations, of which the last may have
			// taken effect.
			p.recount()
			p.restart(faultstore.Fault{At: 2 + random.IntN(12), Crash: true, Done: chance(50)()})
		default:
			other := all[random.IntN(3)]
			if other == p {
				continue
			}
			s := p.replica.NewSession()
			for range 1 + random.IntN(4) {
				if _, err := exchange(s, other.replica, w, random.IntN); err != nil {
					if !errors.Is(err, errCut) && !errors.Is(err, faultstore.ErrCrashed) && !errors.Is(err, replica.ErrMessage) {
						t.Fatal(err)
					}
					if err := s.Restart(ctx); err != nil && !errors.Is(err, faultstore.ErrCrashed) {
						t.Fatal(err)
					}
				}
			}
		}
		for _, p := range all {
			if p.faulty.Crashed() {
				p.recount()
				p.restart()
			}
		}
	}
	for _, p := range all {
		p.recount()
		p.restart()
	}
	for range 2 {
		sync(t, all[0], all[1])
		sync(t, all[2], all[1])
		sync(t, all[2], all[0])
	}
	wantSame(t, all...)
	digest := func(p *place) string {
		set := p.records()
		sort.Strings(set)
		return strings.Join(set, "\n")
	}
	if digest(all[0]) != digest(all[1]) || digest(all[1]) != digest(all[2]) {
		t.Error("the sets differ")
	}
}

// recount finds what the crash has left of appends that were not answered.
func (p *place) recount() {
	clean := core.Options{}
	log, err := core.Open(ctx, memstore.Open(p.disk), clean)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close(ctx)
	for seq := core.Seq(0); seq <= log.Since(); seq++ {
		record, err := log.Get(ctx, seq)
		var by string
		var n int
		if errors.Is(err, core.ErrDeleted) {
			continue
		}
		if _, err := fmt.Sscanf(string(record), `{"by":%q,"n":%d}`, &by, &n); err != nil {
			p.t.Fatal(err)
		}
		if by == p.name {
			p.n = max(p.n, n+1)
		}
	}
}
