package json_test

import (
	"strings"
	"testing"

	"github.com/flumedb/flumedb-wasm/core/json"
)

func TestStrings(t *testing.T) {
	for text, want := range map[string]string{
		``: ``, `7`: ``, `"a"`: `"a"`, `{"a":"b","c" : ["d",{"e":"\":","f":[]},"g"],"h":1}`: `"b" "d" "\":" "g"`, `[["a:b"] , "c"]`: `"a:b" "c"`, `["a`: ``, `{"a"`: `"a"`,
	} {
		var found []string
		for s := range json.Value(text).Strings() {
			found = append(found, string(s))
		}
		if got := strings.Join(found, " "); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
