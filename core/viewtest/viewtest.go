// Package viewtest is the contract of a view in tests: every view passes it.
//
//	viewtest.Run(t, viewtest.Case{
//		Kind:      reduce.Kind,
//		Options:   `{"sum":"n"}`,
//		Questions: []viewtest.Question{{Method: "get"}},
//	})
//
// It asks the same questions of views that have come to the same records in
// different ways: record by record and at once, saved and loaded at every
// point, crashed at every operation of the store, with damaged checkpoints.
// All must answer byte for byte alike.
package viewtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/faultstore"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Case is a view as it is to be tested.
type Case struct {
	Kind    view.Kind
	Options string
	Map     view.Map

	// Record makes the i-th record of a log. Without one, records are objects
	// of the names that the view's fields have, with values of all sorts.
	Record func(r *rand.Rand, i int) []byte

	// Questions are asked wherever a state is to be compared. There must be
	// enough of them to tell two states apart.
	Questions []Question

	// Records is how many there are in the longest log. Default 60.
	Records int
}

// Question is a call of a view. Of a method that answers by the page all pages
// are asked for.
type Question struct {
	Method string
	Args   string // a JSON array, or nothing
	Pages  bool
}

// Run tests a view.
func Run(t *testing.T, c Case) {
	if c.Records == 0 {
		c.Records = 60
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("VIEWTEST_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	x := &suite{Case: c, rand: rand.New(rand.NewPCG(seed, 0))}
	x.prepare(t)
	for _, test := range []struct {
		name string
		run  func(*suite, *testing.T)
	}{
		{"batching", (*suite).batching},
		{"reopening", (*suite).reopening},
		{"questions change nothing", (*suite).questions},
		{"version", (*suite).version},
		{"rebuild", (*suite).rebuild},
		{"deletions", (*suite).deletions},
		{"ahead of the log", (*suite).ahead},
		{"damage", (*suite).damage},
		{"crashes", (*suite).crashes},
		{"past", (*suite).past},
		{"past after deletions", (*suite).pastDeletions},
		{"foreign bytes", (*suite).foreign},
	} {
		ok := t.Run(test.name, func(t *testing.T) { test.run(x, t) })
		if !ok {
			t.Logf("VIEWTEST_SEED=%d", seed)
		}
	}
}

type suite struct {
	Case
	rand    *rand.Rand
	records [][]byte
	answers [][]string // by the number of records
}

// prepare makes the records, and the answers that are right after each.
func (x *suite) prepare(t *testing.T) {
	v, err := x.Kind.New(json.Value(x.Options))
	if err != nil {
		t.Fatalf("new with %s: %v", x.Options, err)
	}
	// A few records at random may all be ones of which the questions ask nothing, and would show nothing.
	for draws := 1; !x.draw(t, v.Fields()); draws++ {
		if draws == 10 {
			t.Fatalf("the answers never change: %q", x.answers[0])
		}
	}
}

// draw makes records and answers anew, and tells whether the answers ever change.
func (x *suite) draw(t *testing.T, fields []json.Path) (change bool) {
	x.records, x.answers = nil, nil
	for i := range x.Records {
		if x.Record != nil {
			x.records = append(x.records, x.Record(x.rand, i))
		} else {
			x.records = append(x.records, Record(x.rand, fields))
		}
	}
	d := x.open(t, new(memstore.Disk))
	defer d.close(t)
	x.answers = append(x.answers, d.ask(t, view.Newest))
	for _, r := range x.records {
		d.append(t, r)
		answers := d.ask(t, view.Newest)
		change = change || !slices.Equal(answers, x.answers[0])
		x.answers = append(x.answers, answers)
	}
	return change
}

func (x *suite) want(t *testing.T, n int, got []string, when string) {
	t.Helper()
	for i, q := range x.Questions {
		if got[i] != x.answers[n][i] {
			a, b := difference(got[i], x.answers[n][i])
			t.Fatalf("%s, after %d records: %s(%s) is\n%s\nand should be\n%s", when, n, q.Method, q.Args, a, b)
		}
	}
}

// difference is two texts from where they begin to differ.
func difference(a, b string) (string, string) {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	cut := func(s string) string {
		const before, after = 100, 200
		from, to := max(0, at-before), min(len(s), at+after)
		return s[min(from, len(s)):to]
	}
	return cut(a), cut(b)
}

// db is a log with the view mounted.
type db struct {
	x     *suite
	log   *core.Log
	views *view.Set
	v     *view.Mounted
	warns []error
}

var background = context.Background()

func (x *suite) open(t *testing.T, disk *memstore.Disk) *db {
	t.Helper()
	d, err := x.try(memstore.Open(disk), x.spec(), view.Options{Batch: 1 << (4 + x.rand.IntN(12)), Slice: time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// spec is the view, with some or no past states kept.
func (x *suite) spec() view.Spec {
	return view.Spec{Name: "v", Version: "1", Kind: x.Kind, Options: json.Value(x.Options), Map: x.Map, History: max(0, x.rand.IntN(6)-1)}
}

func (x *suite) try(store core.Store, spec view.Spec, opts view.Options) (*db, error) {
	log, err := core.Open(background, store, core.Options{SegmentBytes: 1 << (6 + x.rand.IntN(8))})
	if err != nil {
		return nil, err
	}
	d := &db{x: x, log: log}
	opts.Warn = func(err error) { d.warns = append(d.warns, err) }
	opts.HistoryGap = 1 + x.rand.IntN(4)
	d.views = view.Open(log, opts)
	d.v, err = d.views.Mount(background, spec)
	if err != nil {
		d.views.Close(background)
		log.Close(background)
		return nil, err
	}
	return d, nil
}

func (d *db) append(t *testing.T, records ...[]byte) {
	t.Helper()
	if _, err := d.log.Append(background, records...); err != nil {
		t.Fatal(err)
	}
}

func (d *db) close(t *testing.T) {
	t.Helper()
	if err := errors.Join(d.views.Close(background), d.log.Close(background)); err != nil {
		t.Fatal(err)
	}
}

func (d *db) ask(t *testing.T, since core.Seq) []string {
	t.Helper()
	answers, err := d.tryAsk(since)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// patience is for machines that stand still for a while.
const patience = 2 * time.Minute

func (d *db) tryAsk(since core.Seq) ([]string, error) {
	return d.tryAskOf(func(ctx context.Context, method string, args json.Value) (json.Value, error) {
		return d.v.Read(ctx, since, method, args)
	})
}

// askAt asks the view as of a past seq.
func (d *db) askAt(t *testing.T, seq core.Seq) []string {
	t.Helper()
	past := d.v.At(seq, view.AtOptions{MaxReplay: -1})
	answers, err := d.tryAskOf(past.Read)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

func (d *db) tryAskOf(read func(context.Context, string, json.Value) (json.Value, error)) (answers []string, err error) {
	ctx, cancel := context.WithTimeout(context.WithValue(background, asking{}, true), patience)
	defer cancel()
	for _, q := range d.x.Questions {
		answer := ""
		args := q.Args
		for {
			page, err := read(ctx, q.Method, json.Value(args))
			if err != nil {
				return nil, fmt.Errorf("%s(%s): %w", q.Method, args, err)
			}
			answer += string(page)
			next := page.Member("next")
			if !q.Pages || next.Kind() == json.Absent || next.Kind() == json.Null {
				break
			}
			options := json.Value(q.Args).Items()
			first, ok := options.Next()
			if !ok {
				first = json.Value("null")
			}
			args = fmt.Sprintf("[%s,%s]", first, next)
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

// batching appends the records in batches of any size, with and without
// reading in between.
func (x *suite) batching(t *testing.T) {
	for range 10 {
		d := x.open(t, new(memstore.Disk))
		for n := 0; n < len(x.records); {
			k := 1 + x.rand.IntN(1+x.rand.IntN(len(x.records)))
			k = min(k, len(x.records)-n)
			d.append(t, x.records[n:n+k]...)
			n += k
			if x.rand.IntN(3) == 0 {
				x.want(t, n, d.ask(t, view.Newest), "live")
			}
		}
		x.want(t, len(x.records), d.ask(t, view.Newest), "live")
		d.close(t)
	}
}

// reopening saves and loads after every record.
func (x *suite) reopening(t *testing.T) {
	disk := new(memstore.Disk)
	for n := range len(x.records) + 1 {
		d := x.open(t, disk)
		x.want(t, max(n-1, 0), d.ask(t, view.Loaded), "loaded")
		if len(d.warns) > 0 {
			t.Fatalf("after %d records: %v", n, d.warns)
		}
		if n > 0 {
			d.append(t, x.records[n-1])
		}
		x.want(t, n, d.ask(t, view.Newest), "reopened")
		d.close(t)
	}
}

// questions asks unknown things and the same twice.
func (x *suite) questions(t *testing.T) {
	d := x.open(t, new(memstore.Disk))
	defer d.close(t)
	d.append(t, x.records...)
	x.want(t, len(x.records), d.ask(t, view.Newest), "first")
	for _, args := range []string{`[]`, `[null]`, `[7]`, `["x"]`, `[{}]`, `[[[]]]`, `[{"gt":{}}]`, `[{"limit":"x"}]`, `[{},"junk"]`, `[{},{"junk":1}]`, `{}`, `1`} {
		for _, method := range append(x.methods(), "no such method", "") {
			_, err := d.v.Read(background, view.Newest, method, json.Value(args))
			if err != nil && strings.Contains(err.Error(), "panic") {
				t.Errorf("%s(%s): %v", method, args, err)
			}
			if method == "no such method" && !errors.Is(err, view.ErrOption) {
				t.Errorf("%s(%s): %v", method, args, err)
			}
		}
	}
	x.want(t, len(x.records), d.ask(t, view.Newest), "again")
}

func (x *suite) methods() (all []string) {
	for _, q := range x.Questions {
		all = append(all, q.Method)
	}
	return all
}

// version changes the version: the view is built again, and the old state
// answers until then.
func (x *suite) version(t *testing.T) {
	disk := new(memstore.Disk)
	d := x.open(t, disk)
	d.append(t, x.records...)
	d.ask(t, view.Newest)
	d.close(t)

	gate := make(chan struct{})
	spec := x.spec()
	spec.Version = "2"
	store := &gated{memstore.Open(disk), gate}
	d, err := x.try(store, spec, view.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !d.v.Status().Stale {
		t.Errorf("the old state is not marked as stale: %+v, %v", d.v.Status(), d.warns)
	}
	x.want(t, len(x.records), d.ask(t, view.Loaded), "stale")
	close(gate)
	x.want(t, len(x.records), d.ask(t, view.Newest), "of the new version")
	for deadline := time.Now().Add(patience); d.v.Status().Stale; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("caught up, and still stale: %+v", d.v.Status())
		}
	}
	d.close(t)
}

// gated is a store from which views are not fed before a gate is open.
type gated struct {
	core.BodyStore
	gate chan struct{}
}

// asking is in the context of whoever asks a view.
type asking struct{}

func (s *gated) Read(ctx context.Context, seq core.Seq, reverse bool, budget int) ([]*segment.Segment, error) {
	if ctx.Value(asking{}) == nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return s.BodyStore.Read(ctx, seq, reverse, budget)
}

func (x *suite) rebuild(t *testing.T) {
	disk := new(memstore.Disk)
	d := x.open(t, disk)
	half := len(x.records) / 2
	d.append(t, x.records[:half]...)
	d.ask(t, view.Newest)
	if err := d.v.Rebuild(); err != nil {
		t.Fatal(err)
	}
	d.append(t, x.records[half:]...)
	x.want(t, len(x.records), d.ask(t, view.Newest), "rebuilt")
	d.close(t)
	d = x.open(t, disk)
	x.want(t, len(x.records), d.ask(t, view.Newest), "rebuilt and reopened")
	d.close(t)
}

// deletions takes records away that the view has seen: it then answers like one
// that has never seen them, also when it is opened again.
func (x *suite) deletions(t *testing.T) {
	var gone []core.Seq
	for seq := range x.records {
		if x.rand.IntN(3) == 0 {
			gone = append(gone, core.Seq(seq))
		}
	}
	never := x.open(t, new(memstore.Disk))
	never.append(t, x.records...)
	if err := never.log.Delete(background, gone...); err != nil {
		t.Fatal(err)
	}
	want := never.ask(t, view.Newest)
	never.close(t)

	disk := new(memstore.Disk)
	d := x.open(t, disk)
	d.append(t, x.records...)
	d.ask(t, view.Newest)
	compare := func(when string) {
		t.Helper()
		for i, got := range d.ask(t, view.Newest) {
			if got != want[i] {
				t.Fatalf("%s of %v: %s(%s) is\n%s\nand should be\n%s", when, gone, x.Questions[i].Method, x.Questions[i].Args, got, want[i])
			}
		}
	}
	if err := d.log.Delete(background, gone...); err != nil {
		t.Fatal(err)
	}
	compare("after the deletion")
	d.close(t)
	d = x.open(t, disk)
	compare("reopened after the deletion")
	// One that is not mounted does not hear of it.
	d.close(t)
	log, err := core.Open(background, memstore.Open(disk), core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(log.Delete(background, 0), log.Close(background)); err != nil {
		t.Fatal(err)
	}
	gone = append(gone, 0)
	never = x.open(t, new(memstore.Disk))
	never.append(t, x.records...)
	if err := never.log.Delete(background, gone...); err != nil {
		t.Fatal(err)
	}
	want = never.ask(t, view.Newest)
	never.close(t)
	d = x.open(t, disk)
	compare("opened after a deletion meanwhile")
	d.close(t)
}

// ahead puts a checkpoint beside a log that has fewer records.
func (x *suite) ahead(t *testing.T) {
	for _, of := range []string{"this log", "another"} {
		whole, part := new(memstore.Disk), new(memstore.Disk)
		half := len(x.records) / 2
		d := x.open(t, whole)
		d.append(t, x.records[:half]...)
		d.append(t, x.records[half:]...)
		d.ask(t, view.Newest)
		d.close(t)
		if of == "this log" {
			part = whole.Cut(core.Seq(half) - 1)
		} else {
			for _, name := range whole.Checkpoints() {
				part.PutCheckpoint(name, whole.CheckpointBytes(name))
			}
		}
		d = x.open(t, part)
		if of == "another" {
			d.append(t, x.records...)
		}
		n := int(d.log.Since()) + 1
		x.want(t, n, d.ask(t, view.Newest), "beside "+of)
		d.close(t)
	}
}

// damage changes and cuts checkpoints.
func (x *suite) damage(t *testing.T) {
	whole := new(memstore.Disk)
	d := x.open(t, whole)
	half := len(x.records) / 2
	d.append(t, x.records[:half]...)
	d.ask(t, view.Newest)
	d.close(t)
	d = x.open(t, whole)
	d.append(t, x.records[half:]...)
	d.ask(t, view.Newest)
	d.close(t)
	names := whole.Checkpoints()
	most := min(200, 1+1000/len(names)) // of each, so that many parts do not take for ever
	for _, name := range names {
		size := len(whole.CheckpointBytes(name))
		for k := range min(size, most) {
			at := k
			if size > most {
				at = x.rand.IntN(size)
			}
			for _, how := range []string{"changed", "cut", "gone"} {
				disk := whole.Clone()
				b := disk.CheckpointBytes(name)
				switch how {
				case "changed":
					b[at] ^= 1 << x.rand.IntN(8)
				case "cut":
					b = b[:at]
				case "gone":
					if b = nil; k > 0 {
						continue
					}
				}
				disk.PutCheckpoint(name, b)
				d := x.open(t, disk)
				x.want(t, len(x.records), d.ask(t, view.Newest), fmt.Sprintf("with checkpoint %q %s at %d", name, how, at))
				n := x.rand.IntN(len(x.records) + 1)
				x.want(t, n, d.askAt(t, core.Seq(n)-1), fmt.Sprintf("of the past, with checkpoint %q %s at %d", name, how, at))
				d.close(t)
			}
		}
	}
}

// crashes has the store crash at its k-th operation, for every k until a run
// finishes, and looks at what is there afterwards.
func (x *suite) crashes(t *testing.T) {
	for _, done := range []bool{false, true} {
		for k := 1; ; k++ {
			disk := new(memstore.Disk)
			crashed := x.crash(disk, faultstore.Fault{At: k, Crash: true, Done: done})
			d := x.open(t, disk)
			n := int(d.log.Since()) + 1
			x.want(t, n, d.ask(t, view.Newest), fmt.Sprintf("crashed at operation %d", k))
			x.somePast(t, d, n, fmt.Sprintf("of the past, crashed at operation %d", k))
			d.append(t, x.records[n:]...)
			x.want(t, len(x.records), d.ask(t, view.Newest), fmt.Sprintf("gone on after a crash at operation %d", k))
			d.close(t)
			noStray(t, disk, fmt.Sprintf("after a crash at operation %d", k))
			if !crashed {
				break
			}
		}
	}
}

// noStray looks for parts in the store that nobody needs.
func noStray(t *testing.T, disk *memstore.Disk, when string) {
	t.Helper()
	parts, err := view.PartsOf(disk.CheckpointBytes("v"))
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	needed := map[string]bool{"v": true}
	for _, id := range parts {
		needed[fmt.Sprintf("v\x00%d", id)] = true
	}
	for _, name := range disk.Checkpoints() {
		if !needed[name] {
			t.Fatalf("%s: %q is left, and only %d parts are needed", when, name, len(parts))
		}
	}
}

// crash does some work until the store crashes, and reports whether it has.
func (x *suite) crash(disk *memstore.Disk, fault faultstore.Fault) bool {
	const rounds = 4
	for i := range rounds {
		store := faultstore.Wrap(memstore.Open(disk))
		if i == rounds-1 {
			store = faultstore.Wrap(memstore.Open(disk), fault)
		}
		d, err := x.try(store, x.spec(), view.Options{Pause: 1, Interval: 1})
		if err == nil {
			n, to := int(d.log.Since())+1, (i+1)*len(x.records)/rounds
			if i == rounds-1 {
				to-- // so that there is something left to do
			}
			for ; n < to && err == nil; n += 5 {
				_, err = d.log.Append(background, x.records[n:min(n+5, to)]...)
				if err == nil {
					_, err = d.tryAsk(view.Newest)
				}
			}
			d.views.Close(background)
			d.log.Close(background)
		}
		if store.Crashed() {
			return true
		}
	}
	return false
}

// somePast asks of some past seqs, of a view that has so many records.
func (x *suite) somePast(t *testing.T, d *db, n int, when string) {
	t.Helper()
	for range 3 {
		at := x.rand.IntN(n + 1)
		x.want(t, at, d.askAt(t, core.Seq(at)-1), when)
	}
}

// past asks at past seqs while the log grows, and of one that is opened again.
func (x *suite) past(t *testing.T) {
	for range 4 {
		disk := new(memstore.Disk)
		d := x.open(t, disk)
		for n := 0; n < len(x.records); {
			k := min(1+x.rand.IntN(len(x.records)/2), len(x.records)-n)
			d.append(t, x.records[n:n+k]...)
			n += k
			if x.rand.IntN(2) == 0 {
				d.ask(t, view.Newest)
			}
			x.somePast(t, d, n, "of the past")
			if x.rand.IntN(3) == 0 {
				d.close(t)
				d = x.open(t, disk)
				x.somePast(t, d, n, "of the past, reopened")
			}
		}
		d.ask(t, view.Newest)
		for n := range len(x.records) + 1 { // each from the one before
			x.want(t, n, d.askAt(t, core.Seq(n)-1), "of the past, in order")
		}
		x.want(t, len(x.records), d.ask(t, view.Newest), "after reads of the past")
		if len(d.warns) > 0 {
			t.Fatal(d.warns)
		}
		ahead := d.v.At(core.Seq(len(x.records)), view.AtOptions{MaxReplay: -1})
		if _, err := ahead.Read(background, x.Questions[0].Method, json.Value(x.Questions[0].Args)); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("behind the end: %v", err)
		}
		d.close(t)
		noStray(t, disk, "after reads of the past")
	}
}

// pastDeletions takes records away: at a past seq the view then answers like one
// that has never seen them.
func (x *suite) pastDeletions(t *testing.T) {
	disk := new(memstore.Disk)
	d := x.open(t, disk)
	gone := map[core.Seq]bool{}
	compare := func(when string) {
		t.Helper()
		n := x.rand.IntN(len(x.records) + 1)
		var some []core.Seq
		for seq := range n {
			if gone[core.Seq(seq)] {
				some = append(some, core.Seq(seq))
			}
		}
		never := x.open(t, new(memstore.Disk))
		never.append(t, x.records[:n]...)
		if err := never.log.Delete(background, some...); err != nil {
			t.Fatal(err)
		}
		want := never.ask(t, view.Newest)
		never.close(t)
		for i, got := range d.askAt(t, core.Seq(n)-1) {
			if got != want[i] {
				t.Fatalf("%s of %v, at %d: %s(%s) is\n%s\nand should be\n%s", when, some, n-1, x.Questions[i].Method, x.Questions[i].Args, got, want[i])
			}
		}
	}
	half := len(x.records) / 2
	d.append(t, x.records[:half]...)
	d.ask(t, view.Newest)
	d.append(t, x.records[half:]...)
	for range 4 {
		compare("of the past, before the deletion")
		seq := core.Seq(x.rand.IntN(len(x.records)))
		gone[seq] = true
		if err := d.log.Delete(background, seq); err != nil {
			t.Fatal(err)
		}
		compare("of the past, after the deletion")
		d.ask(t, view.Newest)
		compare("of the past, built anew after the deletion")
		d.close(t)
		if x.rand.IntN(2) == 0 { // one that is not mounted does not hear of it
			seq := core.Seq(x.rand.IntN(len(x.records)))
			gone[seq] = true
			log, err := core.Open(background, memstore.Open(disk), core.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(log.Delete(background, seq), log.Close(background)); err != nil {
				t.Fatal(err)
			}
		}
		d = x.open(t, disk)
		compare("of the past, reopened after the deletion")
	}
	d.close(t)
}

// foreign loads bytes that no view has saved: it may fail, or panic where the
// runtime sees to that, but neither hang nor take memory without end.
func (x *suite) foreign(t *testing.T) {
	d := x.open(t, new(memstore.Disk))
	d.append(t, x.records...)
	d.ask(t, view.Newest)
	state := d.v.Save()
	d.close(t)
	for range 300 {
		b := append([]byte{}, state...)
		for range 1 + x.rand.IntN(4) {
			switch {
			case len(b) == 0 || x.rand.IntN(3) == 0:
				b = b[:x.rand.IntN(len(b)+1)]
			case x.rand.IntN(2) == 0:
				b[x.rand.IntN(len(b))] = byte(x.rand.IntN(256))
			default:
				b = append(b, byte(x.rand.IntN(256)))
			}
		}
		func() {
			defer func() { recover() }()
			v, _ := x.Kind.New(json.Value(x.Options))
			if v.Load(b) == nil {
				v.Save(nil)
			}
		}()
	}
}
