package query

import (
	"strconv"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// explain tells how read would answer:
//
//	{"scan":true,"index":"typ","scores":{"typ":2},
//	 "columns":[{"path":["a"],"values":7,"bytes":1234}],"builds":[["b"]],"matches":42}
//
// scan says that the log would be read; builds, for which fields columns would
// be built first; columns, which would be asked, and what memory they take;
// matches, how many records would be looked at, as far as is known.
func (v *query) explain(c *view.Call) error {
	r, err := v.request(c.Arg(0))
	if err != nil {
		return err
	}
	builds := v.missing(v.wants(r))
	p := v.plan(r)
	b := append(c.Out, '{')
	if len(builds) > 0 || !p.fold && len(p.match) == 0 && len(p.by) == 0 {
		b = append(b, `"scan":true,`...)
	}
	if p.index != "" {
		b = append(json.AppendText(append(b, `"index":`...), []byte(p.index)), ',')
	}
	b = append(b, `"scores":{`...)
	for i, s := range p.scores {
		b = appendNumber(append(json.AppendText(comma(b, i), []byte(s.key)), ':'), "", s.score)
	}
	b = append(b, `},"columns":[`...)
	n := 0
	for _, f := range p.fields {
		if f != nil {
			b = appendPaths(append(comma(b, n), `{"path":`...), f.path)
			b = appendNumber(b, `,"values":`, f.Values()-2)
			b = append(appendNumber(b, `,"bytes":`, f.Bytes()), '}')
			n++
		}
	}
	b = append(b, ']')
	if len(builds) > 0 {
		b = append(b, `,"builds":[`...)
		for i, path := range builds {
			b = appendPaths(comma(b, i), path)
		}
		b = append(b, ']')
	}
	if len(p.match) > 0 {
		b = appendNumber(b, `,"matches":`, p.match[0].Count())
	}
	c.Out = append(b, '}')
	return nil
}

func appendPaths(b []byte, path json.Path) []byte {
	b = append(b, '[')
	for i, name := range path {
		b = json.AppendText(comma(b, i), []byte(name))
	}
	return append(b, ']')
}

// comma separates what is not the first.
func comma(b []byte, i int) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return b
}

func appendNumber(b []byte, name string, n int) []byte {
	return strconv.AppendInt(append(b, name...), int64(n), 10)
}
