package core_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
)

// record is a record that says which seq it has, of varying length.
func record(seq int) []byte {
	return fmt.Appendf(nil, `{"seq":%d,"text":"%0*d"}`, seq, seq%70, 0)
}

// wantRecords reads the whole log in both directions and checks it is
// record(0) to record(n-1).
func wantRecords(t *testing.T, l *core.Log, n int) {
	t.Helper()
	if since := l.Since(); since != core.Seq(n-1) {
		t.Fatalf("since is %d, want %d", since, n-1)
	}
	next := core.Seq(0)
	for next < core.Seq(n) {
		runs, err := l.Read(context.Background(), core.Range{From: next, Through: core.Seq(n - 1), Budget: 1000})
		if err != nil {
			t.Fatalf("read %d: %v", next, err)
		}
		for _, r := range runs {
			if r.From != next {
				t.Fatalf("read: a run from %d, want %d", r.From, next)
			}
			for ; next <= r.Through; next++ {
				if string(r.Record(next)) != string(record(int(next))) {
					t.Fatalf("record %d is %s", next, r.Record(next))
				}
			}
		}
	}
	for next = core.Seq(n - 1); next >= 0; {
		runs, err := l.Read(context.Background(), core.Range{From: next, Through: 0, Reverse: true, Budget: 1000})
		if err != nil {
			t.Fatalf("read %d down: %v", next, err)
		}
		for _, r := range runs {
			if r.Through != next {
				t.Fatalf("read down: a run through %d, want %d", r.Through, next)
			}
			next = r.From - 1
		}
	}
	report, err := l.Verify(context.Background(), nil)
	if err != nil || len(report.Damage) > 0 || report.Records != int64(n) {
		t.Fatalf("verify: %+v, %v", report, err)
	}
}
