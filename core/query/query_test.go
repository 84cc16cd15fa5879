package query_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/query"
	"github.com/flumedb/flumedb-wasm/core/view"
)

var ctx = context.Background()

// db is a log with a query view.
type db struct {
	*testing.T
	log   *core.Log
	views *view.Set
	v     *view.Mounted
}

func open(t *testing.T, options string, records ...string) *db {
	t.Helper()
	log, err := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{SegmentBytes: 256})
	if err != nil {
		t.Fatal(err)
	}
	d := &db{T: t, log: log, views: view.Open(log, view.Options{})}
	t.Cleanup(func() {
		d.views.Close(ctx)
		log.Close(ctx)
	})
	if d.v, err = d.views.Mount(ctx, view.Spec{Name: "v", Kind: query.Kind, Options: json.Value(options)}); err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if _, err := log.Append(ctx, []byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// read is all items that a request answers, over all pages.
func (d *db) read(request string) (string, error) {
	var items []string
	args := "[" + request + "]"
	for {
		page, err := d.v.Read(ctx, view.Newest, "read", json.Value(args))
		if err != nil {
			return "", err
		}
		if list := string(page.Member("items")); len(list) > 2 {
			items = append(items, list[1:len(list)-1])
		}
		next := page.Member("next")
		if next == nil {
			return "[" + strings.Join(items, ",") + "]", nil
		}
		args = "[" + request + "," + string(next) + "]"
	}
}

var posts = []string{
	`{"n":3,"t":"a","x":{"y":[1,"é😀"]}}`, `{"n":1,"t":"b"}`, `{"n":0,"t":"a"}`, `{"t":null}`, `{"n":"5","t":[1]}`, `{"t":"ab","n":-2.5}`,
}

// pick is some of the posts.
func pick(list ...int) string {
	var all []string
	for _, i := range list {
		all = append(all, posts[i])
	}
	return "[" + strings.Join(all, ",") + "]"
}

func TestAnswers(t *testing.T) {
	d := open(t, ``, posts...)
	for request, want := range map[string]string{
		`null`: pick(0, 1, 2, 3, 4, 5), `{}`: pick(0, 1, 2, 3, 4, 5), `[]`: pick(0, 1, 2, 3, 4, 5), `{"query":null}`: pick(0, 1, 2, 3, 4, 5),
		`{"reverse":true}`: pick(5, 4, 3, 2, 1, 0), `{"limit":2}`: pick(0, 1), `{"limit":-1,"gt":1}`: pick(2, 3, 4, 5), `{"gte":1.5,"lt":4,"reverse":true}`: pick(3, 2),
		`{"lte":2.5,"limit":2,"reverse":true}`: pick(2, 1), `{"gt":5}`: `[]`, `{"lt":0}`: `[]`, `{"lte":-1}`: `[]`, `{"gt":-1,"limit":1}`: pick(0),
		`{"seqs":true,"gt":4}`: `[{"seq":5,"value":` + posts[5] + `}]`,

		`[{"$filter":{"t":"a"}}]`: pick(0, 2), `{"query":{"t":"a"}}`: pick(0, 2), `{"query":{"$filter":{"t":"a"}}}`: pick(0, 2), `[null,{"$filter":{"t":"a"}},false]`: pick(0, 2),
		`[{"$filter":{"t":null}}]`: pick(3), `[{"$filter":{}}]`: pick(0, 1, 2, 3, 4, 5), `[{"$filter":{"x":{}}}]`: pick(0), `[{"$filter":{"t":[1]}}]`: pick(4), `[{"$filter":{"t":["a"]}}]`: pick(0, 2, 5),
		`[{"$filter":{"t":{"length":2}}}]`: pick(5), `[{"$filter":{"x":{"y":{"1":{"1":{"$is":"string"}}}}}}]`: pick(0),
		`[{"$filter":{"n":{"$gt":0}}}]`: pick(0, 1, 4), `[{"$filter":{"n":{"$gte":0,"$lt":3}}}]`: pick(1, 2), `[{"$filter":{"n":{"$lt":"4"}}}]`: pick(0, 1, 2, 5), `[{"$filter":{"t":{"$gt":"a"}}}]`: pick(1, 5),
		`[{"$filter":{"t":{"$lte":0}}}]`: pick(3), `[{"$filter":{"t":{"$eq":[1]}}}]`: pick(4), `[{"$filter":{"n":{"$ne":1}}}]`: pick(0, 2, 3, 4, 5), `[{"$filter":{"n":{"$not":true}}}]`: pick(2, 3),
		`[{"$filter":{"n":{"$truthy":true}}}]`: pick(0, 1, 4, 5), `[{"$filter":{"t":{"$prefix":"a"}}}]`: pick(0, 2, 5), `[{"$filter":{"t":{"$prefix":[1]}}}]`: pick(4), `[{"$filter":{"t":{"$prefix":[]}}}]`: pick(4),
		`[{"$filter":{"n":{"$is":"undefined"}}}]`: pick(3), `[{"$filter":{"t":{"$is":"array"}}}]`: pick(4), `[{"$filter":{"t":{"$is":"null"}}}]`: pick(3), `[{"$filter":{"t":{"$is":"object"}}}]`: pick(3, 4),
		`[{"$filter":{"t":{"$in":["b",null,[1]]}}}]`: pick(1, 3, 4), `[{"$filter":{"t":{"$in":"xabx"}}}]`: pick(0, 1, 2, 5), `[{"$filter":{"n":{"$int":true}}}]`: pick(0, 1, 2), `[{"$filter":{"n":{"$mod":2}}}]`: pick(0, 1, 4, 5),
		`[{"$filter":{"x":{"$get":["y",0]}}}]`: pick(0), `[{"$filter":{"t":{"$not":{"$prefix":"a"}}}}]`: pick(1, 3, 4), `[{"$filter":{"n":1,"$ne":1}}]`: pick(1), `[{"$filter":{"n":{"$filter":{"$gt":0}}}}]`: pick(0, 1, 4),
		`[{"$filter":{"t":"a"}},{"$filter":{"n":0}}]`: pick(2), `[{"$filter":{"x":{"y":{"$not":true}}}}]`: `[]`, `[{"$filter":{"nothing":{"$ne":1}}}]`: pick(0, 1, 2, 3, 4, 5),

		`[{"$map":"n"}]`: `[3,1,0,"5",-2.5]`, `[{"$map":{"n":true,"m":["x","y",-1]}}]`: `[{"n":3,"m":"é😀"},{"n":1},{"n":0},{},{"n":"5"},{"n":-2.5}]`, `[{"$map":["x","y","length"]}]`: `[2]`, `[{"$map":["x","y",1,"length"]}]`: `[3]`,
		`[{"$map":["x","y",1,1]}]`: `["\ud83d"]`, `[{"$map":["x","y",1,-1]}]`: `["\ude00"]`, `[{"$map":["n",{"$mod":2}]}]`: `[1,1,0,1,-0.5]`, `[{"$map":{"big":["n",{"$gt":0,"$lt":2}]}},{"$filter":{"big":true}}]`: `[{"big":true}]`,
		`[{"$map":["t",{"$type":true}]}]`: `["string","string","string","object","object","string"]`, `[{"$map":{"a":{"b":"n"}}},{"$map":["a","b"]}]`: `[3,1,0,"5",-2.5]`, `[{"$map":true},{"$map":"t"}]`: `["a","b","a",[1],"ab"]`,
		`[{"$map":["t",{"$filter":{"$prefix":"a"}}]}]`: `[true,false,true,false,false,true]`, `[{"$map":{}}]`: `[]`, `[{"$map":["x",{"$map":{"z":"y"}}]}]`: `[{"z":[1,"é😀"]}]`,

		`[{"$reduce":{"$count":true}}]`: `[6]`, `[{"$reduce":{"$sum":"n"}}]`: `[6.5]`, `[{"$reduce":{"$max":"n"}}]`: `[5]`, `[{"$reduce":{"$min":"n"}}]`: `[-2.5]`, `[{"$filter":{"n":{"$gt":0}}},{"$reduce":{"$product":"n"}}]`: `[15]`,
		`[{"$reduce":{"$product":"n"}}]`: `[0]`, `[{"$reduce":{"$collect":"n"}}]`: `[[3,1,0,null,"5",-2.5]]`, `[{"$reduce":{"s":{"$sum":"n"},"c":{"$count":true}}}]`: `[{"s":6.5,"c":6}]`,
		`[{"$filter":{"n":77}},{"$reduce":{"s":{"$sum":"n"},"c":{"$count":true},"m":{"$max":"n"},"p":{"$product":"n"},"l":{"$collect":"n"}}}]`: `[{"s":0,"c":0,"m":null,"p":1,"l":[]}]`,
		`[{"$reduce":{"t":"t","c":{"$count":true}}}]`: `[{"t":null,"c":1},{"t":"a","c":2},{"t":"ab","c":1},{"t":"b","c":1},{"t":[1],"c":1}]`, `[{"$reduce":"n"}]`: `[-2.5,0,1,3,"5",null]`,
		`[{"$reduce":{"k":{"n":"n"},"list":{"$collect":"t"}}}]`:                                                 `[{"k":{"n":-2.5},"list":["ab"]},{"k":{"n":0},"list":["a"]},{"k":{"n":1},"list":["b"]},{"k":{"n":3},"list":["a"]},{"k":{"n":"5"},"list":[[1]]},{"k":{},"list":[null]}]`,
		`[{"$reduce":{"int":["n",{"$int":true}],"of":{"$reduce":{"t":"t","c":{"$count":true}}}}}]`:              `[{"int":false,"of":[{"t":null,"c":1},{"t":"ab","c":1},{"t":[1],"c":1}]},{"int":true,"of":[{"t":"a","c":2},{"t":"b","c":1}]}]`,
		`[{"$reduce":{"t":"t","c":{"$count":true}}},{"$filter":{"c":{"$gt":1}}},{"$map":"t"}]`:                  `["a"]`,
		`[{"$filter":{"t":"zz"}},{"$reduce":{"t":"t","c":{"$count":true}}}]`:                                    `[]`,
		`[{"$sort":["t",{"$reverse":"n"}]},{"$map":{"t":true,"n":true}}]`:                                       `[{"t":null},{"t":"a","n":3},{"t":"a","n":0},{"t":"ab","n":-2.5},{"t":"b","n":1},{"t":[1],"n":"5"}]`,
		`{"query":[{"$sort":[["n"]]},{"$map":["n"]}],"limit":2}`:                                                `[-2.5,0]`,
		`[{"$map":["n",{"$mod":2}]},{"$reduce":{"odd":true,"c":{"$count":true}}},{"$sort":[{"$reverse":"c"}]}]`: `[{"odd":1,"c":3},{"odd":-0.5,"c":1},{"odd":0,"c":1}]`,
	} {
		if got, err := d.read(request); err != nil || got != want {
			t.Errorf("%s:\n%s, %v; want\n%s", request, got, err, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	d := open(t, ``, posts...)
	for _, request := range []string{
		`7`, `"x"`, `{"query":7}`, `{"query":"x"}`, `{"limits":1}`, `{"limit":"x"}`, `{"gt":"x"}`, `{"live":true}`, `[7]`, `["$filter"]`, `[{}]`, `[{"$filter":{},"$map":true}]`, `[{"$foo":1}]`, `[{"filter":{}}]`,
		`[{"$filter":{"n":{"$foo":1}}}]`, `[{"$filter":{"n":{"$prefix":1}}}]`, `[{"$filter":{"n":{"$in":1}}}]`, `[{"$filter":{"n":{"$is":"string "}}}]`, `[{"$filter":{"n":{"$count":true}}}]`, `[{"$filter":{"n":{"$get":{}}}}]`,
		`[{"$map":null}]`, `[{"$map":5.5}]`, `[{"$map":["a",{"b":"c"}]}]`, `[{"$map":{"a":"b","$get":"c"}}]`, `[{"$map":{"$reduce":{"$count":true}}}]`, `[{"$map":{"$map":true,"$get":"x"}}]`,
		`[{"$reduce":{}}]`, `[{"$reduce":{"a":{}}}]`, `[{"$reduce":{"$count":true,"$sum":"n"}}]`, `[{"$reduce":{"$sum":null}}]`, `[{"$reduce":{"a":"b","$count":true}}]`,
		`[{"$sort":[]}]`, `[{"$sort":7}]`, `[{"$sort":[{"a":"b"}]}]`, `[{"$sort":[{"$reverse":5.5}]}]`, `{"seqs":true,"query":[{"$reduce":{"$count":true}}]}`,
		`[{"$filter":` + strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat(`}`, 200) + `}]`, `[{"$map":` + strings.Repeat(`[`, 200) + strings.Repeat(`]`, 200) + `}]`,
		`{},7`, `{},{"at":"x"}`, `{},{"at":0,"last":77,"left":-1,"through":5}`,
	} {
		if got, err := d.read(request); !errors.Is(err, view.ErrOption) {
			t.Errorf("%s: %s, %v", request, got, err)
		}
	}
	for _, options := range []string{`7`, `{"index":[]}`, `{"indexes":7}`, `{"indexes":[7]}`, `{"indexes":[{"key":"a"}]}`, `{"indexes":[{"value":["a"]}]}`, `{"indexes":[{"key":"a","value":[{}]}]}`,
		`{"indexes":[{"key":"a","value":["b"]},{"key":"a","value":["c"]}]}`, `{"indexes":[{"key":"a","value":["b"],"map":1}]}`} {
		if _, err := query.Kind.New(json.Value(options)); !errors.Is(err, view.ErrOption) {
			t.Errorf("%s: %v", options, err)
		}
	}
}
