// Package reduce is the view that folds a log into numbers: how many, how
// much, the least, the most, of all records or of those that meet a condition,
// and for each group of them.
//
//	{"sum":"delay"}
//	{"count":true,"mean":"delay","where":{"cancelled":false},"groupBy":"origin"}
//	{"flights":{"count":true},"delays":{"histogram":"delay","width":15}}
//
// docs/views.md has the options.
package reduce

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/flumedb/flumedb-wasm/core/intern"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/where"
)

// Kind is how the view is mounted.
var Kind = view.Kind{Name: "reduce", New: func(options json.Value) (view.View, error) { return parse(options) }}

type reduce struct {
	fields   []json.Path
	sections []*section
	results  []result // one without a name, or several
}

// section is the aggregates with the same condition and groups.
type section struct {
	key    string // of what it was parsed from
	where  *where.Condition
	by     []int
	levels []intern.Set // of groups, from the outside in
	groups int
	ops    []aggregate
	names  []string
}

// result is one of the named answers: some of a section's aggregates.
type result struct {
	name    string
	section *section
	ops     []int
}

// aggregate is one number, or the like, for each group.
type aggregate interface {
	// grow makes room for one group more.
	grow()
	take(group int, r *view.Record)
	append(b []byte, group int) []byte
	save(b []byte) []byte
	load(b []byte, groups int) ([]byte, error)
}

func (v *reduce) Fields() []json.Path { return v.fields }

func (v *reduce) Apply(r *view.Record) error {
	for _, s := range v.sections {
		if s.where.Holds(r) {
			group := s.group(r)
			for _, op := range s.ops {
				op.take(group, r)
			}
		}
	}
	return nil
}

// group is the number of the group that a record is in.
func (s *section) group(r *view.Record) int {
	if len(s.by) == 0 {
		return 0
	}
	var scratch [128]byte
	group, fresh := 0, false
	for i, field := range s.by {
		key := scratch[:0]
		if i > 0 {
			key = binary.LittleEndian.AppendUint32(key, uint32(group))
			key = appendKey(key, r.Field(field))
		} else if text, ok := r.Field(field).Text(key); ok {
			key = text
		} else {
			key = appendKey(key, r.Field(field))
		}
		group, fresh = s.levels[i].Add(key)
	}
	if fresh {
		s.grow()
	}
	return group
}

func (s *section) grow() {
	s.groups++
	for _, op := range s.ops {
		op.grow()
	}
}

// appendKey writes the name of a value's group: what JavaScript would make of
// it as the name of an object's member, but for arrays and objects, where it
// is their JSON.
func appendKey(b []byte, v json.Value) []byte {
	switch v.Kind() {
	case json.Absent:
		return append(b, "undefined"...)
	case json.String:
		text, _ := v.Text(nil)
		return append(b, text...)
	case json.Number:
		f, _ := v.Float()
		return json.AppendFloat(b, f)
	}
	return append(b, v...)
}

func (v *reduce) Call(c *view.Call) error {
	if c.Method != "get" {
		return view.Invalid("reduce has no method %q", c.Method)
	}
	if v.results[0].name == "" {
		c.Out = v.results[0].append(c.Out)
		return nil
	}
	for i, r := range v.results {
		c.Out = append(c.Out, "{,"[min(i, 1)])
		c.Out = append(json.AppendText(c.Out, []byte(r.name)), ':')
		c.Out = r.append(c.Out)
	}
	c.Out = append(c.Out, '}')
	return nil
}

func (r *result) append(b []byte) []byte {
	if len(r.section.by) == 0 {
		return r.appendGroup(b, 0)
	}
	below := r.section.members()
	b = append(b, '{')
	for k := range r.section.levels[0].Len() {
		if k > 0 {
			b = append(b, ',')
		}
		b = append(json.AppendText(b, r.section.levels[0].At(k)), ':')
		b = r.appendBelow(b, 0, uint32(k), below)
	}
	return append(b, '}')
}

// members lists, for each level of groups but the first, the groups of each
// group of the level above, one behind the other, and where each one's begin.
type members struct{ begin, list []uint32 }

func (s *section) members() (all []members) {
	for i := 1; i < len(s.levels); i++ {
		level := &s.levels[i]
		m := members{make([]uint32, s.levels[i-1].Len()+1), make([]uint32, level.Len())}
		for k := range level.Len() {
			m.begin[parent(level, k)+1]++
		}
		for k := 1; k < len(m.begin); k++ {
			m.begin[k] += m.begin[k-1]
		}
		next := slices.Clone(m.begin)
		for k := range level.Len() {
			p := parent(level, k)
			m.list[next[p]] = uint32(k)
			next[p]++
		}
		all = append(all, m)
	}
	return all
}

func parent(level *intern.Set, k int) uint32 { return binary.LittleEndian.Uint32(level.At(k)) }

// appendBelow writes what is in group k of a level.
func (r *result) appendBelow(b []byte, level int, k uint32, below []members) []byte {
	if level == len(below) {
		return r.appendGroup(b, int(k))
	}
	m := below[level]
	b = append(b, '{')
	for i, child := range m.list[m.begin[k]:m.begin[k+1]] {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(json.AppendText(b, r.section.levels[level+1].At(int(child))[4:]), ':')
		b = r.appendBelow(b, level+1, child, below)
	}
	return append(b, '}')
}

func (r *result) appendGroup(b []byte, group int) []byte {
	if len(r.ops) == 1 {
		return r.section.ops[r.ops[0]].append(b, group)
	}
	for i, op := range r.ops {
		b = append(b, "{,"[min(i, 1)])
		b = append(json.AppendText(b, []byte(r.section.names[op])), ':')
		b = r.section.ops[op].append(b, group)
	}
	return append(b, '}')
}

var errDamaged = errors.New("the state is damaged")

// Save writes the groups and aggregates of each section; see docs/format.md.
func (v *reduce) Save(b []byte) []byte {
	for _, s := range v.sections {
		for i := range s.levels {
			b = s.levels[i].Append(b)
		}
		for _, op := range s.ops {
			b = op.save(b)
		}
	}
	return b
}

func (v *reduce) Load(b []byte) (err error) {
	for _, s := range v.sections {
		for i := range s.levels {
			if b, err = s.levels[i].Read(b); err != nil {
				return err
			}
			for k := range s.levels[i].Len() {
				if i > 0 && (len(s.levels[i].At(k)) < 4 || int(parent(&s.levels[i], k)) >= s.levels[i-1].Len()) {
					return errDamaged
				}
			}
			s.groups = s.levels[i].Len()
		}
		for _, op := range s.ops {
			if b, err = op.load(b, s.groups); err != nil {
				return err
			}
		}
	}
	if len(b) > 0 {
		return errDamaged
	}
	return nil
}
