package filestore_test

import (
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/memfs"
)

// FuzzOpen takes any bytes for a log's newest file. The log opens, unless they
// are of a newer format, says of each record that it cannot read why, takes
// appends, and is the same when it is opened again.
func FuzzOpen(f *testing.F) {
	fs := memfs.New(1)
	s, err := filestore.Open(fs, filestore.Options{})
	if err != nil {
		f.Fatal(err)
	}
	u := &user{}
	for _, sizes := range [][]int{{1}, {2, 3}, {1, 1, 1}, {4}} {
		if err := u.append(s, sizes...); err != nil {
			f.Fatal(err)
		}
	}
	whole := fs.ReadFile(firstFile)
	for cut := 0; cut <= len(whole); cut += 37 {
		f.Add(whole[:cut])
	}
	for at := 0; at < len(whole); at += 23 {
		f.Add(flip(whole, at))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fs := memfs.New(1)
		fs.WriteFile(firstFile, b)
		var heads [2]core.Seq
		for i := range heads {
			s, err := filestore.Open(fs, filestore.Options{})
			if err != nil {
				wantError(t, "open", err, core.ErrVersion)
				return
			}
			if err := noneWrong(s, nil); err != nil {
				t.Fatal(err)
			}
			state, err := s.State(ctx)
			must(t, err)
			if i > 0 && state.Head != heads[0] {
				t.Fatalf("the head is %d, and was %d", state.Head, heads[0])
			}
			left := &user{acked: make([]string, state.Head+1)}
			must(t, left.append(s, 2, 1))
			if err := noneWrong(s, nil); err != nil {
				t.Fatal(err)
			}
			heads[i] = state.Head + 3
			must(t, s.Close())
		}
	})
}
