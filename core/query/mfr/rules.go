package mfr

import "github.com/flumedb/flumedb-wasm/core/json"

// IsExact reports whether a filter's rule is for one value, as npm's planners
// take it.
func IsExact(rule json.Value) bool {
	switch rule.Kind() {
	case json.Absent:
		return false
	case json.Object:
		return rule.Member("$eq") != nil
	case json.Array:
		for w := rule.Items(); ; {
			item, more := w.Next()
			if !more {
				return true
			}
			if !IsExact(item) {
				return false
			}
		}
	}
	return true
}

// IsRange reports whether a rule is for values that lie together in an index.
func IsRange(rule json.Value) bool {
	if rule.Kind() == json.Array {
		for w := rule.Items(); ; {
			item, more := w.Next()
			if !more {
				return false
			}
			if IsRange(item) {
				return true
			}
		}
	}
	for _, name := range [...]string{"$lt", "$lte", "$gt", "$gte", "$prefix"} {
		if rule.Member(name) != nil {
			return true
		}
	}
	switch rule.Member("$is").Str() {
	case "string", "boolean", "array", "undefined", "null":
		return true
	}
	return false
}
