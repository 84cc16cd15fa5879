package level

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/lsm"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/order"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/viewtest"
)

// sized is the view with an index that is written down and merged soon.
func sized(s lsm.Sizes) view.Kind {
	return view.Kind{Name: Kind.Name, New: func(options json.Value) (view.View, error) {
		v, err := parse(options)
		if err != nil {
			return nil, err
		}
		v.Tree = lsm.NewSized(s)
		return v, nil
	}}
}

var questions = []viewtest.Question{
	{Method: "read", Pages: true},
	{Method: "read", Args: `[{"reverse":true}]`, Pages: true},
	{Method: "read", Args: `[{"gt":["a"],"lte":["b",undefined],"keys":false}]`, Pages: true},
	{Method: "read", Args: `[{"gte":1,"lt":"x","reverse":true,"values":false,"seqs":false,"limit":7}]`, Pages: true},
}

func TestSuite(t *testing.T) {
	for name, s := range map[string]lsm.Sizes{
		"in memory": {Memory: 1 << 20, Inline: 1 << 20, Block: 1 << 10},
		"in parts":  {Memory: 400, Inline: 1 << 20, Block: 100},
		"at once":   {Memory: 1 << 20, Inline: 1, Block: 100},
	} {
		t.Run(name, func(t *testing.T) {
			viewtest.Run(t, viewtest.Case{Kind: sized(s), Options: `{"keys":["n",["a","n"],[{"value":"tag"},{"each":"b.c"}]],"where":{"n":{"ne":1}}}`, Questions: questions, Records: 30})
		})
	}
}

func TestSuiteMapped(t *testing.T) {
	viewtest.Run(t, viewtest.Case{
		Kind: sized(lsm.Sizes{Memory: 300, Inline: 1 << 20, Block: 80}), Options: `{"mapped":true}`, Questions: questions, Records: 40,
		Map: func(_ context.Context, first core.Seq, records [][]byte) (mapped []json.Value, err error) {
			for _, r := range records {
				other := json.Value(r).Member("other")
				mapped = append(mapped, json.Value("["+string(other)+`,["a",`+string(other)+`]]`))
			}
			return mapped, nil
		},
	})
}

// readAll is keys and seqs, page by page.
func readAll(t *testing.T, v *view.Mounted, options string) (all []string) {
	t.Helper()
	for cursor := "null"; cursor != ""; {
		page, err := v.Read(context.Background(), view.Newest, "read", json.Value(`[{"values":false,`+options+`},`+cursor+`]`))
		if err != nil {
			t.Fatal(err)
		}
		for w := page.Member("items").Items(); ; {
			item, more := w.Next()
			if !more {
				break
			}
			all = append(all, string(item))
		}
		cursor = string(page.Member("next"))
	}
	return all
}

// TestKeysOfAllShapes compares what is put into the tree with the keys as they
// are made one by one.
func TestKeysOfAllShapes(t *testing.T) {
	const options = `{"keys":["n",["a"],["a","n"],["a",{"value":"x"}],["b","n"],["a","b","n"],[{"value":"x"},"n"],["b","a",{"each":"t"}],["n","a","b"]]}`
	ctx := context.Background()
	for _, sizes := range []lsm.Sizes{{Memory: 3000, Inline: 2000, Block: 500}, {Memory: 1 << 20, Inline: 1 << 20, Block: 1 << 10}} {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 0))
		log, err := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{})
		if err != nil {
			t.Fatal(err)
		}
		set := view.Open(log, view.Options{Pause: 1, Interval: 1, PartBytes: 2000, Batch: 4096})
		v, err := set.Mount(ctx, view.Spec{Name: "v", Kind: sized(sizes), Options: json.Value(options)})
		if err != nil {
			t.Fatal(err)
		}
		one, err := parse(json.Value(options))
		if err != nil {
			t.Fatal(err)
		}
		reader := view.NewReader(one.Fields())
		// Some are written in two ways, and some begin as others do.
		some := []string{`"x"`, `"\u0078"`, `"xy"`, `"x\"y"`, `1`, `1.0`, `10`, `-3`, `null`, `true`, `["x"]`, `["x",1]`, `{"x":1}`, `"` + strings.Repeat("long ", 30) + `"`}
		pick := func() string { return some[r.IntN(len(some))] }
		newest := map[string]core.Seq{}
		for seq := core.Seq(0); seq < 2500; seq++ {
			unlike := fmt.Sprint(seq)
			if r.IntN(2) == 0 {
				unlike = pick()
			}
			record := fmt.Appendf(nil, `{"a":%s,"b":%s,"n":%s,"t":[%s,%s]}`, pick(), pick(), unlike, pick(), unlike)
			if _, err := log.Append(ctx, record); err != nil {
				t.Fatal(err)
			}
			read, err := reader.Read(seq, record)
			if err == nil {
				err = one.emit(read, func(key []byte) { newest[string(key)] = seq })
			}
			if err != nil {
				t.Fatal(err)
			}
			if seq%500 < 3 { // the tail is then sorted as it grows
				readAll(t, v, `"limit":1`)
			}
		}
		var want []string
		for _, key := range slices.Sorted(maps.Keys(newest)) {
			text, err := order.AppendJSON(nil, []byte(key))
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, fmt.Sprintf(`{"key":%s,"seq":%d}`, text, newest[key]))
		}
		if got := readAll(t, v, `"limit":-1`); !slices.Equal(got, want) {
			at := 0
			for at < len(got) && at < len(want) && got[at] == want[at] {
				at++
			}
			t.Fatalf("seed %d: %d keys, want %d; the first that differs is %d: %.3v, want %.3v", seed, len(got), len(want), at, got[at:], want[at:])
		}
		if err := set.Close(ctx); err != nil {
			t.Fatal(err)
		}
		log.Close(ctx)
	}
}

// TestWhatHasGatheredIsWrittenDownWhenIdle is of a state that is large itself: the
// next one to open it has less to do, also where no other record comes.
func TestWhatHasGatheredIsWrittenDownWhenIdle(t *testing.T) {
	ctx := context.Background()
	log, err := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close(ctx)
	var records [][]byte
	for i := range 300 {
		records = append(records, fmt.Appendf(nil, `{"k":"a key of some length %d"}`, i))
	}
	if _, err := log.Append(ctx, records...); err != nil {
		t.Fatal(err)
	}
	set := view.Open(log, view.Options{Pause: 1, Interval: 1})
	defer set.Close(ctx)
	v, err := set.Mount(ctx, view.Spec{Name: "v", Kind: sized(lsm.Sizes{Memory: 1 << 20, Inline: 1000, Block: 2000}), Options: json.Value(`"k"`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Wait(ctx, view.Newest); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		b, err := log.Checkpoint(ctx, "v")
		if err != nil {
			t.Fatal(err)
		}
		if b != nil && len(b) < 1000 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the state is still %d bytes", len(b))
		}
	}
	if n := len(readAll(t, v, `"limit":-1`)); n != 300 {
		t.Fatalf("%d entries", n)
	}
}

// TestModel compares reads of an index in many runs with a sorted slice.
func TestModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	ctx := context.Background()
	disk := new(memstore.Disk)
	open := func() (*core.Log, *view.Set, *view.Mounted) {
		log, err := core.Open(ctx, memstore.Open(disk), core.Options{})
		if err != nil {
			t.Fatal(err)
		}
		set := view.Open(log, view.Options{Pause: 1, Interval: 1, PartBytes: 2000, Batch: 4096})
		v, err := set.Mount(ctx, view.Spec{Name: "v", Kind: sized(lsm.Sizes{Memory: 6000, Inline: 2000, Block: 500}), Options: json.Value(`"k"`)})
		if err != nil {
			t.Fatal(err)
		}
		return log, set, v
	}
	log, set, v := open()
	newest := map[string]int{} // by key
	value := func() string {
		if r.IntN(2) == 0 {
			return fmt.Sprintf("%q", fmt.Sprintf("key of some length %d", r.IntN(400)))
		}
		return fmt.Sprint(r.IntN(400) - 200)
	}
	key := func(text string) string {
		b, err := order.Append(nil, json.Value(text))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	seq := 0
	for round := range 60 {
		var records [][]byte
		for range r.IntN(100) {
			k := value()
			records = append(records, fmt.Appendf(nil, `{"k":%s}`, k))
			newest[key(k)] = seq
			seq++
		}
		if len(records) > 0 {
			if _, err := log.Append(ctx, records...); err != nil {
				t.Fatal(err)
			}
		}
		if round%10 == 9 {
			if err := set.Close(ctx); err != nil {
				t.Fatal(err)
			}
			log.Close(ctx)
			log, set, v = open()
		}
		for range 10 {
			low, high := value(), value()
			reverse, limit := r.IntN(2) == 0, r.IntN(400)-100
			var want []string
			for k, seq := range newest {
				if k > key(low) && k <= key(high) {
					text, _ := order.AppendJSON(nil, []byte(k))
					want = append(want, k+fmt.Sprintf("\x00{\"key\":%s,\"seq\":%d}", text, seq))
				}
			}
			slices.Sort(want)
			if reverse {
				slices.Reverse(want)
			}
			if limit > 0 && limit < len(want) {
				want = want[:limit]
			}
			for i, w := range want {
				want[i] = w[strings.LastIndex(w, "\x00{")+1:]
			}
			got := readAll(t, v, fmt.Sprintf(`"gt":%s,"lte":%s,"reverse":%v,"limit":%d`, low, high, reverse, limit))
			if !slices.Equal(got, want) {
				t.Fatalf("round %d, from %s to %s, reverse %v, limit %d: %d items, want %d\n%.300v\n%.300v", round, low, high, reverse, limit, len(got), len(want), got, want)
			}
		}
		// A key alone.
		k := value()
		answer, err := v.Read(ctx, view.Newest, "get", json.Value("["+k+",false]"))
		if want, ok := newest[key(k)]; ok != (err == nil) || ok && string(answer.Member("seq")) != fmt.Sprint(want) {
			t.Fatalf("get %s: %s, %v; want %d, %v", k, answer, err, want, ok)
		}
	}
	if v.Status().Bytes < 5000 {
		t.Fatalf("only %d bytes are stored", v.Status().Bytes)
	}
	set.Close(ctx)
	log.Close(ctx)
}
