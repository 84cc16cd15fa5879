package httpapi

import (
	"bytes"
	stdjson "encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzParseRecords compares with what encoding/json makes of a body.
func FuzzParseRecords(f *testing.F) {
	for _, body := range []string{``, `1`, `[]`, `[1,2]`, `[[1],{"a":[]}]`, "1\n2", "\n\n", "{\"a\":\r\n1}", "[1\n,2]", "1\r\n2\r\n", "x", "1\nx", "[1,", "\ufeff1", "\"\n\"", "1 2", "\xff"} {
		f.Add([]byte(body), true)
		f.Add([]byte(body), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, lines bool) {
		if bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > 900 {
			t.Skip()
		}
		media, texts := typeJSON, [][]byte{body}
		if lines {
			media, texts = typeNDJSON, bytes.Split(body, []byte("\n"))
		}
		var want []string
		valid := true
		for _, text := range texts {
			if lines && len(bytes.Trim(text, " \t\r\n")) == 0 {
				continue
			}
			var many []stdjson.RawMessage
			switch {
			case !stdjson.Valid(text) || !utf8.Valid(text):
				valid = false
			case !lines && text[len(text)-len(bytes.TrimLeft(text, " \t\r\n"))] == '[':
				stdjson.Unmarshal(text, &many)
			default:
				many = []stdjson.RawMessage{text}
			}
			for _, one := range many {
				var b bytes.Buffer
				stdjson.Compact(&b, one)
				want = append(want, b.String())
			}
		}
		rs, err := parseRecords(body, media)
		if (err == nil) != (valid && len(want) > 0) {
			t.Fatalf("%q as %s: %v, want %q, valid %t", body, media, err, want, valid)
		}
		if err != nil {
			return
		}
		at := 0
		if len(rs.lens) != len(want) {
			t.Fatalf("%q as %s: %d records, want %q", body, media, len(rs.lens), want)
		}
		for i, n := range rs.lens {
			record := rs.run[at : at+int(n)]
			at += int(n) + 1
			var b bytes.Buffer
			if err := stdjson.Compact(&b, record); err != nil || b.String() != want[i] {
				t.Fatalf("%q as %s: record %d is %q, want %q, %v", body, media, i, record, want[i], err)
			}
			if bytes.ContainsAny(record, "\r\n") {
				t.Fatalf("record %q has lines", record)
			}
		}
		if at-1 != len(rs.run) {
			t.Fatalf("%q: the run has %d bytes, and the records %d", body, len(rs.run), at-1)
		}
	})
}
