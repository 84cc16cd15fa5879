package view_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// asItIs is a map that takes its time and changes nothing.
func asItIs(ctx context.Context, _ core.Seq, records [][]byte) (out []json.Value, err error) {
	time.Sleep(50 * time.Microsecond)
	for _, r := range records {
		out = append(out, append(json.Value{}, r...))
	}
	return out, ctx.Err()
}

func mountMapped(t *testing.T, set *view.Set, name string, m view.Map) *view.Mounted {
	t.Helper()
	v, err := set.Mount(ctx, view.Spec{Name: name, Version: "1", Kind: sumKind, Options: json.Value(`{"path":"n"}`), Map: m})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestTogether reads several views, some of which are fed apart from the others
// or mounted on the way, in many goroutines, while records are appended.
func TestTogether(t *testing.T) {
	log, set := open(t, memory(), view.Options{Slice: time.Microsecond})
	views := []*view.Mounted{mount(t, set, "a", "1"), mount(t, set, "b", "1"), mountMapped(t, set, "mapped", asItIs)}
	var writing, reading sync.WaitGroup
	stop := make(chan struct{})
	writing.Add(1)
	go func() {
		defer writing.Done()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				log.Append(ctx, fmt.Appendf(nil, `{"n":%d,"text":%q}`, i, strings.Repeat("x", 50)))
				for log.Since() > views[2].Status().Since+100 {
					time.Sleep(10 * time.Microsecond) // so that it does not run away from them
				}
			}
		}
	}()
	all := append(views[:3:3], mount(t, set, "late", "1"))
	read := func(views []*view.Mounted) error {
		before := log.Since()
		return set.Together(ctx, views, func(since core.Seq, reads []view.Snapshot) error {
			if since < before {
				return fmt.Errorf("at %d, and %d was there", since, before)
			}
			var first string
			for i, r := range reads {
				// Its first record has to be read from the store, which takes a while.
				if record, err := r.Call(ctx, "record", json.Value(`[0]`)); since >= 0 && (err != nil || string(record.Member("n")) != "0") {
					return fmt.Errorf("%s, %v", record, err)
				}
				runtime.Gosched()
				answer, err := r.Call(ctx, "get", nil)
				if err != nil {
					return err
				}
				if n := string(answer.Member("count")); n != fmt.Sprint(int64(since)+1) {
					return fmt.Errorf("view %d has seen %s records at %d", i, n, since)
				}
				if i == 0 {
					first = string(answer)
				} else if string(answer) != first {
					return fmt.Errorf("%s and %s", answer, first)
				}
			}
			return nil
		})
	}
	for g := range 4 {
		reading.Add(1)
		go func() {
			defer reading.Done()
			for i := range 40 {
				these := append([]*view.Mounted{all[(g+i)%4]}, all[g%4:]...)
				if err := read(these); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	reading.Wait()
	close(stop)
	writing.Wait()
	if total(t, views[0], view.Newest) != total(t, views[2], view.Newest) {
		t.Fatal("they were not fed any more")
	}
}

func pin(t *testing.T, set *view.Set, views ...*view.Mounted) *view.Pin {
	t.Helper()
	p, err := set.Pin(ctx, views)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPinHoldsTheViewsAndNothingElse(t *testing.T) {
	log, set := open(t, memory(), view.Options{})
	m := mount(t, set, "m", "1")
	add(t, log, `{"n":1}`)
	p, second := pin(t, set, m), pin(t, set, m, m)
	for n := 2; n < 10; n++ {
		add(t, log, fmt.Sprintf(`{"n":%d}`, n))
	}
	time.Sleep(5 * time.Millisecond)
	call := p.Call(0, "get", nil)
	if err := call.Try(); err != nil || string(json.Value(call.Out).Member("total")) != "1" || p.Since() != 0 || call.Since() != 0 {
		t.Fatalf("%s, %v", call.Out, err)
	}
	if total(t, m, view.Loaded) != "1" || m.Status().Since != 0 {
		t.Fatal("it has moved")
	}
	waited := make(chan string)
	go func() { waited <- total(t, m, view.Newest) }()
	p.Release()
	p.Release()
	if err := call.Try(); !errors.Is(err, view.ErrStopped) || !strings.Contains(err.Error(), "no longer held") {
		t.Fatal(err)
	}
	select {
	case <-waited:
		t.Fatal("it has moved while another held it")
	case <-time.After(5 * time.Millisecond):
	}
	second.Release()
	if got := <-waited; got != "45" {
		t.Fatal(got)
	}
}

func TestPinOfWhatIsThrownAway(t *testing.T) {
	log, set := open(t, memory(), view.Options{})
	m := mount(t, set, "m", "1")
	add(t, log, `{"n":1}`, `{"n":2}`)

	// What it had come to is still there while it is rebuilt.
	p := pin(t, set, m)
	m.Rebuild()
	if call := p.Call(0, "get", nil); call.Try() != nil || string(json.Value(call.Out).Member("total")) != "3" {
		t.Fatalf("%s", call.Out)
	}
	p.Release()
	if total(t, m, view.Newest) != "3" {
		t.Fatal("it was not rebuilt")
	}

	// What was deleted answers nobody any more.
	p = pin(t, set, m)
	if err := log.Delete(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if err := p.Call(0, "get", nil).Try(); !errors.Is(err, view.ErrStopped) {
		t.Fatal(err)
	}
	p.Release()
	if total(t, m, view.Newest) != "2" {
		t.Fatal("it was not built anew")
	}
}

func TestPinThatCannotBeHad(t *testing.T) {
	log, set := open(t, memory(), view.Options{})
	m, stopped := mount(t, set, "m", "1"), mount(t, set, "stopped", "1")
	gone := mount(t, set, "gone", "1")
	gone.Unmount(ctx, false)
	if _, err := set.Pin(ctx, []*view.Mounted{m, gone}); !errors.Is(err, core.ErrClosed) {
		t.Fatal(err)
	}
	failing := mountMapped(t, set, "failing", func(context.Context, core.Seq, [][]byte) ([]json.Value, error) {
		return nil, errBad
	})
	add(t, log, `{"n":1}`)
	var e *view.Error
	if _, err := set.Pin(ctx, []*view.Mounted{m, failing}); !errors.As(err, &e) || e.View != "failing" || e.Seq != 0 {
		t.Fatal(err)
	}

	// One that is given up leaves nothing held.
	block := make(chan struct{})
	slow := mountMapped(t, set, "slow", func(ctx context.Context, _ core.Seq, records [][]byte) ([]json.Value, error) {
		<-block
		return make([]json.Value, len(records)), nil
	})
	add(t, log, `{"n":2}`)
	short, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
	defer cancel()
	if _, err := set.Pin(short, []*view.Mounted{m, slow}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	close(block)
	add(t, log, `{"n":3}`)
	if total(t, m, view.Newest) != "6" || total(t, stopped, view.Newest) != "6" {
		t.Fatal("they are not fed")
	}

	// Closing ends waits, and what is held keeps nobody from it.
	p := pin(t, set, m)
	add(t, log, `{"n":4}`)
	waiting := make(chan error)
	go func() {
		_, err := set.Pin(ctx, []*view.Mounted{m})
		waiting <- err
	}()
	time.Sleep(time.Millisecond)
	set.Close(ctx)
	if err := <-waiting; !errors.Is(err, core.ErrClosed) {
		t.Fatal(err)
	}
	p.Release()
}
