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
		if i > 0 {
			b = append(b, ',')
		}
		b = append(json.AppendText(b, []byte(s.key)), ':')
		b = strconv.AppendInt(b, int64(s.score), 10)
	}
	b = append(b, `},"columns":[`...)
	n := 0
	for _, f := range p.fields {
		if f == nil {
			continue
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = appendJSONPath(append(b, `{"path":`...), f.path)
		b = strconv.AppendInt(append(b, `,"values":`...), int64(f.Values()-2), 10)
		b = append(strconv.AppendInt(append(b, `,"bytes":`...), int64(f.Bytes()), 10), '}')
	}
	b = append(b, ']')
	if len(builds) > 0 {
		b = append(b, `,"builds":[`...)
		for i, path := range builds {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSONPath(b, path)
		}
		b = append(b, ']')
	}
	if len(p.match) > 0 {
		b = strconv.AppendInt(append(b, `,"matches":`...), int64(p.match[0].Count()), 10)
	}
	c.Out = append(b, '}')
	return nil
}

func appendJSONPath(b []byte, path json.Path) []byte {
	b = append(b, '[')
	for i, name := range path {
		if i > 0 {
			b = append(b, ',')
		}
		b = json.AppendText(b, []byte(name))
	}
	return append(b, ']')
}
