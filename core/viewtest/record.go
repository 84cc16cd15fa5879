package viewtest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core/json"
)

// Record makes a record at random that has values at most of the paths, few
// different ones, so that views find equals among them.
func Record(r *rand.Rand, paths []json.Path) []byte {
	tree := map[string]any{}
	for _, p := range paths {
		if len(p) == 0 || r.IntN(8) == 0 {
			continue
		}
		if len(p) == 1 {
			if _, ok := tree[p[0]]; !ok {
				tree[p[0]] = Value(r)
			}
			continue
		}
		at := tree
		for _, step := range p[:len(p)-1] {
			next, ok := at[step].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[step] = next
			}
			at = next
		}
		at[p[len(p)-1]] = Value(r)
	}
	tree["other"] = Value(r)
	return appendTree(nil, tree)
}

func appendTree(b []byte, tree map[string]any) []byte {
	b = append(b, '{')
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		v := tree[name]
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(json.AppendText(b, []byte(name)), ':')
		if sub, ok := v.(map[string]any); ok {
			b = appendTree(b, sub)
		} else {
			b = append(b, v.(json.Value)...)
		}
	}
	return append(b, '}')
}

// Value makes a value at random, of any kind, and often one made before.
func Value(r *rand.Rand) json.Value {
	few := []string{
		`null`, `true`, `false`, `0`, `1`, `-1`, `2.5`, `1e3`, `-0.001`, `"a"`, `"b"`, `""`, `"A"`, `"\u00e9"`, `"x y"`, `"\n\"\\"`, `[]`, `{}`, `[1]`, `["a",1]`, `{"a":1}`,
		`[[],[2]]`, `"😀"`, `"\ud800"`, `1000`, `12345.678`, `-7`, `"longer than eight bytes"`, `[1,"a",null]`, `{"b":[1],"a":2}`,
	}
	switch r.IntN(4) {
	case 0:
		return json.Value(strconv.Itoa(r.IntN(20) - 5))
	case 1:
		return json.Value(`"` + string(rune('a'+r.IntN(6))) + `"`)
	}
	return json.Value(few[r.IntN(len(few))])
}
