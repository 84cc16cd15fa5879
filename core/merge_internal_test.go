package core

import (
	"fmt"
	"testing"
)

func TestPlanMerge(t *testing.T) {
	const segmentBytes = 1 << 16
	const full, small, tiny = segmentBytes*2/3 + 1, 3000, 100
	repeat := func(size, n int) (sizes []int) {
		for range n {
			sizes = append(sizes, size)
		}
		return sizes
	}
	join := func(parts ...[]int) (all []int) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	for _, c := range []struct {
		name     string
		sizes    []int
		from, to int // of the run, as indexes; none where to is 0
		full     bool
		sealed   Seq
	}{
		{"nothing", nil, 0, 0, false, None},
		{"one small", []int{small}, 0, 0, false, None},
		{"full ones are sealed", []int{full, full + 1}, 0, 0, false, 1},
		{"a few small at the end wait", join([]int{full}, repeat(small, 5)), 0, 0, false, 0},
		{"enough small ones make a full one", join([]int{full}, repeat(small, 40)), 1, 23, true, 0},
		{"small ones before a full one", []int{full, small, small, full}, 1, 3, true, 0},
		{"one small before a full one is left", []int{small, full, small}, 0, 0, false, 1},
		{"many tiny ones at the end", join(repeat(small, 3), repeat(tiny, mergeCount)), 3, 3 + mergeCount, false, None},
		{"not yet many tiny ones", join(repeat(small, 3), repeat(tiny, mergeCount-1)), 0, 0, false, None},
	} {
		t.Run(c.name, func(t *testing.T) {
			var extents []Extent
			for i, size := range c.sizes {
				extents = append(extents, Extent{First: Seq(i), Last: Seq(i), Size: size})
			}
			run, full, sealed := planMerge(extents, segmentBytes)
			if fmt.Sprint(run) != fmt.Sprint(extents[c.from:c.to]) || full != c.full || sealed != c.sealed {
				t.Errorf("planned %v, %t, %d", run, full, sealed)
			}
		})
	}
}

func TestCacheHoldsNoRecordTwiceAndKeepsItsBound(t *testing.T) {
	c := cache{limit: 3000}
	add := func(first Seq, n int) {
		g := new(group)
		for range n {
			g.add(make([]byte, 50), []uint32{50}, 1<<20)
		}
		g.seal()
		g.segments[0].Place(first, false)
		c.add(g.segments[0])
		seen := map[*cached]bool{}
		bytes := 0
		for e := c.newest; e != nil; e = e.older {
			seen[e] = true
			bytes += e.Size()
		}
		if len(seen) != len(c.sorted) || bytes != c.bytes || bytes > c.limit && len(seen) > 1 {
			t.Fatalf("%d segments by use, %d by seq; %d bytes counted, %d there", len(seen), len(c.sorted), c.bytes, bytes)
		}
		for i := 1; i < len(c.sorted); i++ {
			if c.sorted[i].First() <= c.sorted[i-1].Last() {
				t.Fatalf("a segment from %d follows one to %d", c.sorted[i].First(), c.sorted[i-1].Last())
			}
		}
	}
	for first := Seq(0); first < 20; first += 2 {
		add(first, 2)
	}
	if s := c.find(7); s == nil || s.First() != 6 {
		t.Fatalf("seq 7 is not found where it is: %v", s)
	}
	add(4, 6) // merged, in the place of three
	if s := c.find(7); s == nil || s.First() != 4 || s.Last() != 9 {
		t.Fatal("the merged segment is not found")
	}
	add(5, 10) // overlaps on both sides, as it may when another tab has merged otherwise
	if c.find(4) != nil || c.find(14) == nil || c.find(16) == nil {
		t.Fatal("an overlapping segment does not stand in the place of those it overlaps")
	}
	add(100, 60) // larger than the bound alone
	if len(c.sorted) != 1 || c.find(130) == nil || c.find(16) != nil {
		t.Fatal("the oldest were not given up")
	}
}
