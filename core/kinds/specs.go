package kinds

import (
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Specs reads the views that a home is to mount, as docs/http.md has them: an
// object of {"kind", "version", "options"} by their names.
func Specs(text json.Value) (specs []view.Spec, err error) {
	for views := text.Members(); ; {
		name, v, more := views.Next()
		if !more {
			return specs, nil
		}
		spec := view.Spec{Name: name.Str(), Version: string(v.Member("version")), Options: v.Member("options")}
		for _, kind := range All {
			if kind.Name == v.Member("kind").Str() {
				spec.Kind = kind
			}
		}
		if spec.Kind.New == nil {
			return nil, view.Invalid("the view %q has no kind that there is", spec.Name)
		}
		specs = append(specs, spec)
	}
}
