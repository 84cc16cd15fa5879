package faultstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/faultstore"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"github.com/flumedb/flumedb-wasm/core/storetest"
)

var ctx = context.Background()

// Without faults it is the store that it wraps.
func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Data {
		disk := new(memstore.Disk)
		return storetest.Data{
			Open:   func() (core.Store, error) { return faultstore.Wrap(memstore.Open(disk)), nil },
			Shared: true,
			Damage: disk.Damage,
		}
	})
}

func TestFaults(t *testing.T) {
	errDisk := errors.New("the disk failed")
	for _, c := range []struct {
		name    string
		fault   faultstore.Fault
		want    error
		records int // what the second of three appends leaves in all
		goesOn  bool
	}{
		{"none", faultstore.Fault{}, nil, 3, true},
		{"fails", faultstore.Fault{At: 2, Err: errDisk}, errDisk, 2, true},
		{"fails though done", faultstore.Fault{At: 2, Err: errDisk, Done: true}, errDisk, 3, true},
		{"crashes", faultstore.Fault{At: 2, Crash: true}, faultstore.ErrCrashed, 1, false},
		{"crashes when done", faultstore.Fault{At: 2, Crash: true, Done: true}, faultstore.ErrCrashed, 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := new(memstore.Disk)
			s := faultstore.Wrap(memstore.Open(disk), c.fault)
			for i := range 3 {
				_, err := s.Append(ctx, []*segment.Segment{storetest.Segment("record")})
				want := c.want
				if i == 0 || i == 2 && c.goesOn {
					want = nil
				}
				if !errors.Is(err, want) {
					t.Fatalf("append %d: %v, want %v", i, err, want)
				}
			}
			if err := s.Close(); (err == nil) != c.goesOn {
				t.Fatalf("close: %v", err)
			}
			if n := len(storetest.Records(t, memstore.Open(disk), 1)); n != c.records {
				t.Fatalf("%d records are left, want %d", n, c.records)
			}
			if want := 3; c.goesOn && s.Count() != want || !c.goesOn && (s.Count() != 2 || !s.Crashed()) {
				t.Fatalf("%d operations", s.Count())
			}
		})
	}
}

func TestHold(t *testing.T) {
	s := faultstore.Wrap(memstore.Open(new(memstore.Disk)))
	held := s.Hold(2)
	appending := func(ctx context.Context) <-chan error {
		done := make(chan error, 1)
		go func() {
			_, err := s.Append(ctx, []*segment.Segment{storetest.Segment("record")})
			done <- err
		}()
		return done
	}
	if err := <-appending(ctx); err != nil {
		t.Fatal(err)
	}
	second := appending(ctx)
	<-held.Reached()
	select {
	case err := <-second:
		t.Fatalf("an append that is held has ended: %v", err)
	default:
	}
	if state, err := s.State(ctx); err != nil || state.Head != 0 {
		t.Fatalf("state while an append is held: %+v, %v", state, err)
	}
	held.Release()
	held.Release()
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	if state, err := s.State(ctx); err != nil || state.Head != 1 {
		t.Fatalf("state: %+v, %v", state, err)
	}

	held = s.Hold(s.Count() + 1)
	ended, cancel := context.WithCancel(ctx)
	third := appending(ended)
	<-held.Reached()
	cancel()
	if err := <-third; !errors.Is(err, context.Canceled) {
		t.Fatalf("an append that is held and cancelled: %v", err)
	}
}
