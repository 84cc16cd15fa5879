//go:build js && wasm

package idbstore

import (
	"errors"
	"fmt"
	"math/rand"
	"runtime"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"github.com/flumedb/flumedb-wasm/core/storetest"
)

func openAgain(t *testing.T, name string) *Store {
	t.Helper()
	s, err := Open(ctx, name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Stores of several tabs append small and large commits, merge, read and reopen
// as chance has it: each acknowledged commit is where it was said to be.
func TestManyWritersOfTailAndSegments(t *testing.T) {
	seed := rand.Int63()
	t.Logf("seed %d", seed)
	first, name := openFresh(t)
	type ack struct {
		last core.Seq
		text string
		n    int
	}
	const writers, steps = 4, 60
	acks := make([][]ack, writers)
	done := make(chan error)
	for w := range writers {
		r := rand.New(rand.NewSource(seed + int64(w)))
		go func() {
			done <- func() error {
				s := first
				if w > 0 {
					s = openAgain(t, name)
				}
				for step := range steps {
					switch text := fmt.Sprintf(`"%d of %d"`, step, w); r.Intn(8) {
					default:
						n := 1 + r.Intn(3)
						state, err := s.Append(ctx, []*segment.Segment{repeated(text, n)})
						if err != nil {
							return err
						}
						acks[w] = append(acks[w], ack{state.Head, text, n})
					case 4:
						state, err := s.Append(ctx, []*segment.Segment{repeated(text, 1), repeated(text, 2)})
						if err != nil {
							return err
						}
						acks[w] = append(acks[w], ack{state.Head, text, 3})
					case 5:
						if err := mergeSome(s, r); err != nil && !errors.Is(err, core.ErrConflict) {
							return err
						}
					case 6:
						state, err := s.State(ctx)
						if err != nil {
							return err
						}
						if state.Head >= 0 {
							if _, err := s.Read(ctx, core.Seq(r.Int63n(int64(state.Head)+1)), r.Intn(2) == 0, r.Intn(2000)); err != nil {
								return err
							}
						}
					case 7:
						if w > 0 {
							s.Close()
							s = openAgain(t, name)
						}
					}
					runtime.Gosched()
				}
				return nil
			}()
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	records := storetest.Records(t, openAgain(t, name), 1<<20)
	total := 0
	for w := range acks {
		last := core.None
		for _, a := range acks[w] {
			if a.last-core.Seq(a.n) < last {
				t.Fatalf("writer %d was told seq %d after %d", w, a.last, last)
			}
			last = a.last
			for seq := a.last - core.Seq(a.n) + 1; seq <= a.last; seq++ {
				if records[seq] != a.text {
					t.Fatalf("record %d is %s, and was acknowledged as %s", seq, records[seq], a.text)
				}
			}
			total += a.n
		}
	}
	if total != len(records) {
		t.Fatalf("%d records were acknowledged, the log holds %d", total, len(records))
	}
}

func repeated(text string, n int) *segment.Segment {
	var b segment.Builder
	for range n {
		b.Add([]byte(text))
	}
	return b.Finish()
}

// mergeSome replaces a run of segments by one, as merging does.
func mergeSome(s *Store, r *rand.Rand) error {
	state, err := s.State(ctx)
	if err != nil {
		return err
	}
	extents, err := s.Index(ctx, 0, 1<<20)
	if err != nil || len(extents) < 3 {
		return err
	}
	i := r.Intn(len(extents) - 2)
	j := min(len(extents)-1, i+1+r.Intn(12))
	var b segment.Builder
	for seq := extents[i].First; seq <= extents[j].Last; {
		run, err := s.Read(ctx, seq, false, 1)
		if err != nil {
			return err
		}
		if run[0].First() != seq || run[0].Last() > extents[j].Last {
			return core.ErrConflict
		}
		b.AddSegment(run[0])
		seq = run[0].Last() + 1
	}
	merged := b.Finish()
	merged.Place(extents[i].First, false)
	_, err = s.Replace(ctx, core.Replacement{Generation: state.Generation, Segments: []*segment.Segment{merged}, Sealed: state.Sealed})
	return err
}

// A commit is lost after it took effect, and before its writer looks, others
// append behind it and merge it away.
func TestALostCommitThatOthersHaveMoved(t *testing.T) {
	for _, others := range []int{1, 100, maxPlaces + 10} {
		t.Run(fmt.Sprintf("%d more commits", others), func(t *testing.T) {
			a, name := openFresh(t)
			b := openAgain(t, name)
			appendOne(t, a, 0)
			onNextWrite(`tx => tx.addEventListener('complete', event => {
				event.stopImmediatePropagation()
				globalThis.lose = () => {
					tx.db.close()
					Object.defineProperty(tx, 'error', { value: new DOMException('Connection to Indexed Database server lost.', 'UnknownError') })
					tx.dispatchEvent(new Event('abort'))
				}
				globalThis.tookEffect()
			})`)
			took := make(chan struct{})
			hook := onEffect(took)
			defer hook()
			type answer struct {
				state core.State
				err   error
			}
			answered := make(chan answer)
			go func() {
				state, err := a.Append(ctx, []*segment.Segment{storetest.Numbered(1, 1)})
				answered <- answer{state, err}
			}()
			<-took
			for i := range others {
				appendOne(t, b, core.Seq(2+i))
			}
			state, _ := b.State(ctx)
			var builder segment.Builder
			for seq := core.Seq(0); seq <= state.Head; seq++ {
				run, err := b.Read(ctx, seq, false, 1)
				if err != nil {
					t.Fatal(err)
				}
				builder.AddSegment(run[0])
			}
			merged := builder.Finish()
			merged.Place(0, false)
			if _, err := b.Replace(ctx, core.Replacement{Generation: state.Generation, Segments: []*segment.Segment{merged}, Sealed: core.None}); err != nil {
				t.Fatal(err)
			}
			lose()
			got := <-answered
			if others > maxPlaces {
				if !errors.Is(got.err, core.ErrUncertain) {
					t.Fatalf("a commit that nobody can find: %+v, %v", got.state, got.err)
				}
			} else if got.err != nil || got.state.Head != 1 {
				t.Fatalf("the lost commit: %+v, %v", got.state, got.err)
			}
			wantWhole(t, b, 2+others)
			appendOne(t, a, core.Seq(2+others))
		})
	}
}
