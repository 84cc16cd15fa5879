package mfr

import (
	"strconv"
	"strings"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// Parse reads a query: an array of stages, one stage, or what a record has to
// be, as in a $filter. Nothing is a query too, which answers all records. It
// fails with view.ErrOption.
func Parse(text json.Value) (*Query, error) {
	q := &Query{}
	p := &parser{q: q}
	text = append(json.Value{}, text...)
	switch text.Kind() {
	case json.Absent, json.Null:
	case json.Array:
		for w := text.Items(); ; {
			s, more := w.Next()
			if !more {
				break
			}
			if s.Truthy() {
				if err := p.stage(s); err != nil {
					return nil, err
				}
			}
		}
	case json.Object:
		err := error(nil)
		switch name, _ := firstMember(text); name {
		case "$filter", "$map", "$reduce", "$sort":
			err = p.stage(text)
		default:
			err = p.filterStage(text)
		}
		if err != nil {
			return nil, err
		}
	default:
		return nil, view.Invalid("query must be an array of stages, not %s", short(text))
	}
	if p.err != nil {
		return nil, p.err
	}
	q.Uses = append(q.Uses, make([]Use, len(q.Fields)-len(q.Uses))...)
	return q, nil
}

func firstMember(v json.Value) (string, json.Value) {
	w := v.Members()
	name, value, _ := w.Next()
	return name.Str(), value
}

// parser turns rules into functions.
type parser struct {
	q     *Query
	front *reduction // the first
	inKey bool       // what is being parsed is a key of it
	depth int
	err   error // the first; those of a rule that is nowhere near an error go on
}

// mostDepth is how deep rules may lie in each other.
const mostDepth = 100

// at is where the value stands that a rule is for: at a path of the record, or
// anywhere, if another rule has made it.
type at struct {
	made bool
	path json.Path
}

var atRecord = at{path: json.Path{}}
var atMade = at{made: true}

// value is the expression for what stands there.
func (p *parser) value(a at) expr {
	if a.made {
		return func(_ *Run, v json.Value) json.Value { return v }
	}
	field := p.field(a.path)
	for len(p.q.Uses) <= field {
		p.q.Uses = append(p.q.Uses, Use{})
	}
	if p.inKey {
		p.q.Uses[field].Key = true
	} else {
		p.q.Uses[field].Value = true
	}
	return func(r *Run, _ json.Value) json.Value { return r.Found[field] }
}

// under is the place of a name's value in what stands at a; then is for where
// that has no path.
func (p *parser) under(a at, name string) (at, expr) {
	if a.made {
		return atMade, func(_ *Run, v json.Value) json.Value { return step(v, name) }
	}
	b := at{path: append(a.path[:len(a.path):len(a.path)], name)}
	return b, nil
}

func (p *parser) field(path json.Path) int {
	for i, q := range p.q.Fields {
		if q.Equal(path) {
			return i
		}
	}
	p.q.Fields = append(p.q.Fields, path)
	return len(p.q.Fields) - 1
}

// fail keeps the first error.
func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = view.Invalid(format, args...)
	}
}

func short(v json.Value) string {
	const most = 60
	if len(v) > most {
		return string(v[:most]) + "…"
	}
	if len(v) == 0 {
		return "undefined"
	}
	return string(v)
}

// stage parses one stage.
func (p *parser) stage(s json.Value) error {
	if s.Kind() != json.Object || s.Len() != 1 {
		return view.Invalid("a stage of a query must be an object of one of $filter, $map, $reduce and $sort, not %s", short(s))
	}
	name, rule := firstMember(s)
	p.q.Sorts = nil
	where := atRecord
	for _, before := range p.q.stages {
		if before.filter == nil {
			where = atMade
		}
	}
	switch name {
	case "$filter":
		return p.filterStage(rule)
	case "$map":
		p.q.stages = append(p.q.stages, stage{make: p.mapping(rule, where)})
	case "$reduce":
		p.q.stages = append(p.q.stages, stage{reduce: p.reduction(rule, where)})
	case "$sort":
		p.q.Sorts = rule
		p.q.stages = append(p.q.stages, stage{sort: p.sortKeys(rule, where)})
	default:
		return view.Invalid("a query has no stage %q, but $filter, $map, $reduce and $sort", name)
	}
	return p.err
}

// filterStage parses a $filter. At the front it makes Terms.
func (p *parser) filterStage(rule json.Value) error {
	var terms []term
	rules := map[int]json.Value{}
	p.filter(rule, json.Path{}, &terms, rules)
	if p.err != nil {
		return p.err
	}
	if len(p.q.stages) > 0 {
		p.q.stages = append(p.q.stages, stage{filter: terms})
		return nil
	}
	if p.q.Filter == nil && len(p.q.Terms) == 0 {
		p.q.Filter = rule
	}
	for i, t := range terms {
		p.q.Terms = append(p.q.Terms, Term{Field: p.field(t.path), Rule: rules[i], test: t.test})
	}
	return nil
}

// filter adds what a rule says about the value at a path. Where rules say
// nothing of values that are not there, one is added that there is something:
// null and undefined have no members.
func (p *parser) filter(rule json.Value, path json.Path, terms *[]term, rules map[int]json.Value) {
	defer p.deeper()()
	if p.err != nil {
		return
	}
	kind := rule.Kind()
	if kind != json.Array && (kind != json.Object || operators(rule) > 0 && names(rule) == 0) {
		rules[len(*terms)] = rule
		*terms = append(*terms, term{path, p.test(rule)})
		return
	}
	first := len(*terms)
	under := func(name string, rule json.Value) {
		p.filter(rule, append(path[:len(path):len(path)], name), terms, rules)
	}
	if kind == json.Array {
		n := 0
		for w := rule.Items(); ; n++ {
			item, more := w.Next()
			if !more {
				break
			}
			under(strconv.Itoa(n), item)
		}
	}
	operators := json.Value("{")
	for w := rule.Members(); ; {
		name, value, more := w.Next()
		if !more {
			break
		}
		if n := name.Str(); !strings.HasPrefix(n, "$") {
			under(n, value)
			continue
		}
		if len(operators) > 1 {
			operators = append(operators, ',')
		}
		operators = append(append(append(operators, name...), ':'), value...)
	}
	if len(operators) > 1 { // beside names: both hold
		p.filter(append(operators, '}'), path, terms, rules)
	}
	if p.err != nil {
		return
	}
	nothing := &Run{}
	for _, t := range (*terms)[first:] {
		if !t.test(nothing, nil) {
			return
		}
	}
	*terms = append(*terms, term{path, func(_ *Run, v json.Value) bool { return !nullish(v) }})
}

func (p *parser) deeper() func() {
	if p.depth++; p.depth > mostDepth {
		p.fail("a query's rules must not lie in each other more than %d deep", mostDepth)
	}
	return func() { p.depth-- }
}

// operators is how many members an object has whose names are operators',
// names how many others.
func operators(v json.Value) (n int) {
	for w := v.Members(); ; {
		name, _, more := w.Next()
		if !more {
			return n
		}
		if len(name) > 1 && name[1] == '$' {
			n++
		}
	}
}

func names(v json.Value) int {
	if v.Kind() != json.Object {
		return 0
	}
	return v.Len() - operators(v)
}

// test is what a rule of a filter says about one value.
func (p *parser) test(rule json.Value) test {
	if rule.Kind() != json.Object {
		return equals(rule)
	}
	made := p.rule(rule, atMade)
	if t := p.fastTest(rule); t != nil {
		return t
	}
	return func(r *Run, v json.Value) bool { return truthy(made(r, v)) }
}

// equals is the test for a certain scalar.
func equals(c json.Value) test {
	switch c.Kind() {
	case json.String:
		text, _ := c.Text(nil)
		escaped := strings.IndexByte(string(c), '\\') >= 0
		return func(_ *Run, v json.Value) bool {
			if !escaped && len(v) > 0 && v[0] == '"' {
				if string(v) == string(c) {
					return true
				}
				if strings.IndexByte(string(v), '\\') < 0 {
					return false
				}
			}
			got, ok := v.Text(nil)
			return ok && string(got) == string(text)
		}
	case json.Number:
		want := numeric(c)
		return func(_ *Run, v json.Value) bool {
			f, ok := v.Float()
			return ok && f == want
		}
	}
	return func(_ *Run, v json.Value) bool { return identical(v, c) }
}

func truthy(v json.Value) bool { return v.Truthy() }

// rule is what npm's make makes of a rule: a function of the value at a.
func (p *parser) rule(rule json.Value, a at) expr {
	defer p.deeper()()
	if p.err != nil {
		return nil
	}
	switch rule.Kind() {
	case json.True:
		return p.value(a)
	case json.String:
		where, then := p.under(a, rule.Str())
		if then != nil {
			return then
		}
		return p.value(where)
	case json.Number:
		n, ok := rule.Int()
		switch {
		case !ok || n > 1<<31 || n < -1<<31:
			p.fail("a query cannot take %s for the index of an element", short(rule))
			return nil
		case n >= 0:
			where, then := p.under(a, strconv.Itoa(int(n)))
			if then != nil {
				return then
			}
			return p.value(where)
		}
		value := p.value(a)
		return func(r *Run, v json.Value) json.Value {
			v = value(r, v)
			if k := v.Kind(); k != json.Array && k != json.String {
				return nil
			}
			if n := length(v) + int(n); n >= 0 {
				return element(v, n)
			}
			return nil
		}
	case json.Array:
		return p.compose(rule, a)
	case json.Object:
		return p.operators(rule, a)
	}
	p.fail("a query has no rule %s", short(rule))
	return nil
}

// compose is one rule after another.
func (p *parser) compose(rules json.Value, a at) expr {
	w := rules.Items()
	rule, more := w.Next()
	for more && !a.made {
		// What only goes deeper into the record needs no step at run time.
		name := ""
		switch rule.Kind() {
		case json.True:
			rule, more = w.Next()
			continue
		case json.String:
			name = rule.Str()
		case json.Number:
			if n, ok := rule.Int(); ok && n >= 0 && n < 1<<31 {
				name = strconv.Itoa(int(n))
				break
			}
			fallthrough
		default:
			first := p.rule(rule, a)
			rest := p.chain(&w)
			return func(r *Run, v json.Value) json.Value { return rest(r, first(r, v)) }
		}
		a, _ = p.under(a, name)
		rule, more = w.Next()
	}
	if !a.made {
		return p.value(a)
	}
	w = rules.Items()
	return p.chain(&w)
}

// chain is the rest of the rules, on what the one before has made.
func (p *parser) chain(w *json.Items) expr {
	var all []expr
	for {
		rule, more := w.Next()
		if !more {
			break
		}
		all = append(all, p.rule(rule, atMade))
	}
	return func(r *Run, v json.Value) json.Value {
		for _, e := range all {
			v = e(r, v)
		}
		return v
	}
}

// operators is a rule of operators, of which all must hold, or of one of the
// stages, applied to a value.
func (p *parser) operators(rule json.Value, a at) expr {
	name, argument := firstMember(rule)
	switch name {
	case "$filter", "$map":
		if rule.Len() != 1 {
			p.fail("%s cannot stand beside others in %s", name, short(rule))
			return nil
		}
		if name == "$map" {
			return p.mapping(argument, a)
		}
		var terms []term
		p.filter(argument, json.Path{}, &terms, map[int]json.Value{})
		value := p.value(a)
		return func(r *Run, v json.Value) json.Value {
			v = value(r, v)
			for _, t := range terms {
				if !t.test(r, walk(v, t.path)) {
					return jsonFalse
				}
			}
			return jsonTrue
		}
	}
	var all []expr
	value := p.value(a)
	for w := rule.Members(); ; {
		name, argument, more := w.Next()
		if !more {
			break
		}
		op := p.simple(name.Str(), argument)
		if op == nil {
			p.fail("a query has no operator %s here, in %s", name, short(rule))
			return nil
		}
		all = append(all, op)
	}
	if p.err != nil {
		return nil
	}
	if len(all) == 0 {
		p.fail("a query has no rule {}")
		return nil
	}
	return func(r *Run, v json.Value) (made json.Value) {
		v = value(r, v)
		for _, op := range all {
			if made = op(r, v); !truthy(made) {
				break
			}
		}
		return made
	}
}

// mapping is what $map makes of a rule: an object has a value made for each of
// its names, where true is what has that name in the value.
func (p *parser) mapping(rule json.Value, a at) expr {
	defer p.deeper()()
	if p.err != nil {
		return nil
	}
	if rule.Kind() != json.Object || operators(rule) > 0 {
		if names(rule) > 0 {
			p.fail("%s has operators beside names", short(rule))
		}
		return p.rule(rule, a)
	}
	type member struct {
		name json.Value // with its colon
		make expr
	}
	var members []member
	for w := rule.Members(); ; {
		name, sub, more := w.Next()
		if !more {
			break
		}
		m := member{name: append(Canonical(nil, name), ':')}
		if sub.Kind() == json.True {
			m.make = p.rule(name, a)
		} else {
			m.make = p.mapping(sub, a)
		}
		members = append(members, m)
	}
	if len(members) == 0 {
		return func(*Run, json.Value) json.Value { return nil }
	}
	nothing := p.nothing(a)
	return func(r *Run, v json.Value) json.Value {
		if nothing(r, v) {
			return nil
		}
		// First the values, since they too are written to scratch.
		var few [8]json.Value
		made := few[:0]
		for _, m := range members {
			made = append(made, m.make(r, v))
		}
		b, start := append(r.scratch, '{'), len(r.scratch)
		for i, m := range members {
			if made[i] == nil {
				continue
			}
			if len(b) > start+1 {
				b = append(b, ',')
			}
			b = Append(append(b, m.name...), made[i])
		}
		r.scratch = append(b, '}')
		return r.scratch[start:len(r.scratch):len(r.scratch)]
	}
}

// nothing tests whether null or undefined stands at a.
func (p *parser) nothing(a at) test {
	if !a.made && len(a.path) == 0 {
		return func(r *Run, _ json.Value) bool { return r.Null }
	}
	value := p.value(a)
	return func(r *Run, v json.Value) bool { return nullish(value(r, v)) }
}
