//go:build !js

package filestore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

const recordSize = 600

func openDir(b *testing.B, dir string, strict bool) *filestore.Store {
	b.Helper()
	s, err := filestore.Open(filestore.OS(dir), filestore.Options{Strict: strict})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// batch is n records as one segment.
func batch(n int) *segment.Segment {
	var b segment.Builder
	for i := range n {
		b.Add(fmt.Appendf(nil, `{"seq":%d,"text":"%0*d"}`, i, recordSize-30, i))
	}
	return b.Finish()
}

// BenchmarkAppend appends commits of one segment; "raw" is the same bytes by
// WriteAt and Sync alone. Building the segments is not counted.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		seg := batch(n)
		for _, strict := range []bool{false, true} {
			name := fmt.Sprintf("records=%d/strict=%v", n, strict)
			b.Run(name+"/v=filestore", func(b *testing.B) {
				s := openDir(b, b.TempDir(), strict)
				defer s.Close()
				b.SetBytes(int64(seg.Size()))
				for b.Loop() {
					if _, err := s.Append(ctx, []*segment.Segment{seg}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
			})
			b.Run(name+"/v=raw", func(b *testing.B) {
				f, err := filestore.OS(b.TempDir()).Create("raw")
				if err != nil {
					b.Fatal(err)
				}
				defer f.Close()
				b.SetBytes(int64(seg.Size()))
				off := int64(0)
				for b.Loop() {
					if _, err := f.WriteAt(seg.Bytes(), off); err != nil {
						b.Fatal(err)
					}
					if off += int64(seg.Size()); strict {
						if err := f.Sync(); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
			})
		}
	}
}

// grow makes a log of n records in commits of each records.
func grow(b *testing.B, n, each int) string {
	b.Helper()
	dir := b.TempDir()
	s := openDir(b, dir, false)
	seg := batch(each)
	for range n / each {
		if _, err := s.Append(ctx, []*segment.Segment{seg}); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return dir
}

// BenchmarkScan reads a log of 100,000 records from one end to the other;
// "raw" is the same files read whole, and checked by nobody.
func BenchmarkScan(b *testing.B) {
	for _, each := range []int{1, 430} {
		dir := grow(b, 100_000, each)
		for _, reverse := range []bool{false, true} {
			b.Run(fmt.Sprintf("commit=%d/reverse=%v", each, reverse), func(b *testing.B) {
				for b.Loop() {
					s := openDir(b, dir, false)
					scan(b, s, reverse)
					s.Close()
				}
			})
		}
		b.Run(fmt.Sprintf("commit=%d/v=raw", each), func(b *testing.B) {
			for b.Loop() {
				names, _ := filepath.Glob(filepath.Join(dir, "*.log"))
				size := 0
				for _, name := range names {
					content, err := os.ReadFile(name)
					if err != nil {
						b.Fatal(err)
					}
					size += len(content)
				}
				b.SetBytes(int64(size))
			}
		})
	}
}

func scan(b *testing.B, s *filestore.Store, reverse bool) {
	state, err := s.State(ctx)
	if err != nil {
		b.Fatal(err)
	}
	size, seq := 0, core.Seq(0)
	if reverse {
		seq = state.Head
	}
	for seq >= 0 && seq <= state.Head {
		run, err := s.Read(ctx, seq, reverse, 1<<20)
		if err != nil {
			b.Fatal(err)
		}
		for _, seg := range run {
			size += seg.Size()
			if seq = seg.Last() + 1; reverse {
				seq = seg.First() - 1
			}
		}
	}
	b.SetBytes(int64(size))
}

// BenchmarkGet reads segments at random places of a log whose files have been
// walked.
func BenchmarkGet(b *testing.B) {
	for _, each := range []int{1, 430} {
		b.Run(fmt.Sprintf("commit=%d", each), func(b *testing.B) {
			s := openDir(b, grow(b, 100_000, each), false)
			defer s.Close()
			scan(b, s, false)
			b.SetBytes(0)
			n, seq := core.Seq(100_000/each*each), core.Seq(0)
			b.ResetTimer()
			for b.Loop() {
				seq = (seq + 7919*31) % n
				if _, err := s.Read(ctx, seq, false, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpen opens a log that was closed cleanly, and one that was not.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		dir := grow(b, n, 100)
		for _, cleanly := range []bool{true, false} {
			b.Run(fmt.Sprintf("records=%d/cleanly=%v", n, cleanly), func(b *testing.B) {
				for b.Loop() {
					if !cleanly {
						b.StopTimer()
						if err := os.Remove(filepath.Join(dir, "meta")); err != nil {
							b.Fatal(err)
						}
						b.StartTimer()
					}
					s := openDir(b, dir, false)
					b.StopTimer()
					s.Close()
					b.StartTimer()
				}
			})
		}
	}
}
