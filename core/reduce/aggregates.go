package reduce

import (
	"encoding/binary"
	"math"

	"github.com/flumedb/flumedb-wasm/core/intern"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// column is a number for each group.
type column []float64

func (c *column) grow(initial float64) { *c = append(*c, initial) }

func (c column) save(b []byte) []byte {
	for _, f := range c {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	return b
}

func (c *column) load(b []byte, groups int) ([]byte, error) {
	if groups > len(b)/8 {
		return nil, errDamaged
	}
	*c = make(column, groups)
	for i := range *c {
		(*c)[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return b[8*groups:], nil
}

// loadColumns loads several, one behind the other.
func loadColumns(b []byte, groups int, columns ...*column) (rest []byte, err error) {
	for _, c := range columns {
		if b, err = c.load(b, groups); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendNull(b []byte) []byte { return append(b, "null"...) }

// count is how many records there are.
type count struct{ n column }

func (a *count) grow()                                { a.n.grow(0) }
func (a *count) take(g int, _ *view.Record)           { a.n[g]++ }
func (a *count) append(b []byte, g int) []byte        { return json.AppendFloat(b, a.n[g]) }
func (a *count) save(b []byte) []byte                 { return a.n.save(b) }
func (a *count) load(b []byte, n int) ([]byte, error) { return a.n.load(b, n) }

// sum adds numbers up; what is no number adds nothing.
type sum struct {
	field int
	sum   column
}

func (a *sum) grow() { a.sum.grow(0) }
func (a *sum) take(g int, r *view.Record) {
	if f, ok := r.Field(a.field).Float(); ok {
		a.sum[g] += f
	}
}
func (a *sum) append(b []byte, g int) []byte        { return json.AppendFloat(b, a.sum[g]) }
func (a *sum) save(b []byte) []byte                 { return a.sum.save(b) }
func (a *sum) load(b []byte, n int) ([]byte, error) { return a.sum.load(b, n) }

// extreme is the least number, or the largest; null where there is none.
type extreme struct {
	field int
	sign  float64 // 1 for the largest
	best  column
}

func (a *extreme) grow() { a.best.grow(math.Inf(-int(a.sign))) }
func (a *extreme) take(g int, r *view.Record) {
	if f, ok := r.Field(a.field).Float(); ok && f*a.sign > a.best[g]*a.sign {
		a.best[g] = f
	}
}
func (a *extreme) append(b []byte, g int) []byte        { return json.AppendFloat(b, a.best[g]) }
func (a *extreme) save(b []byte) []byte                 { return a.best.save(b) }
func (a *extreme) load(b []byte, n int) ([]byte, error) { return a.best.load(b, n) }

// mean is the sum of the numbers by how many there are; null where there is
// none.
type mean struct {
	field  int
	n, sum column
}

func (a *mean) grow() { a.n.grow(0); a.sum.grow(0) }
func (a *mean) take(g int, r *view.Record) {
	if f, ok := r.Field(a.field).Float(); ok {
		a.n[g]++
		a.sum[g] += f
	}
}
func (a *mean) append(b []byte, g int) []byte        { return json.AppendFloat(b, a.sum[g]/a.n[g]) }
func (a *mean) save(b []byte) []byte                 { return a.sum.save(a.n.save(b)) }
func (a *mean) load(b []byte, n int) ([]byte, error) { return loadColumns(b, n, &a.n, &a.sum) }

// stdev is the standard deviation of a sample, null of fewer than two numbers.
// It is gathered by Welford's method, which loses no digits where the numbers
// are large and close to each other.
type stdev struct {
	field           int
	n, mean, spread column
}

func (a *stdev) grow() { a.n.grow(0); a.mean.grow(0); a.spread.grow(0) }
func (a *stdev) take(g int, r *view.Record) {
	if f, ok := r.Field(a.field).Float(); ok {
		a.n[g]++
		d := f - a.mean[g]
		a.mean[g] += d / a.n[g]
		a.spread[g] += d * (f - a.mean[g])
	}
}
func (a *stdev) append(b []byte, g int) []byte {
	if a.n[g] < 2 {
		return appendNull(b)
	}
	return json.AppendFloat(b, math.Sqrt(a.spread[g]/(a.n[g]-1)))
}
func (a *stdev) save(b []byte) []byte { return a.spread.save(a.mean.save(a.n.save(b))) }
func (a *stdev) load(b []byte, n int) ([]byte, error) {
	return loadColumns(b, n, &a.n, &a.mean, &a.spread)
}

// distinct is how many different values there are: numbers by their value,
// strings by their characters, arrays and objects by their JSON.
type distinct struct {
	field  int
	n      column
	values intern.Set
}

func (a *distinct) grow() { a.n.grow(0) }
func (a *distinct) take(g int, r *view.Record) {
	v := r.Field(a.field)
	if v == nil {
		return
	}
	var scratch [128]byte
	key := binary.LittleEndian.AppendUint32(scratch[:0], uint32(g))
	switch v.Kind() {
	case json.Number:
		f, _ := v.Float()
		key = json.AppendFloat(key, f)
	case json.String:
		key = append(key, '"')
		text, _ := v.Text(nil)
		key = append(key, text...)
	default:
		key = append(key, v...)
	}
	if _, fresh := a.values.Add(key); fresh {
		a.n[g]++
	}
}
func (a *distinct) append(b []byte, g int) []byte { return json.AppendFloat(b, a.n[g]) }
func (a *distinct) save(b []byte) []byte          { return a.values.Append(a.n.save(b)) }
func (a *distinct) load(b []byte, n int) ([]byte, error) {
	b, err := a.n.load(b, n)
	if err != nil {
		return nil, err
	}
	return a.values.Read(b)
}

// edge is the value of the first record that has one, or of the last; null
// where none has.
type edge struct {
	field  int
	last   bool
	values [][]byte
}

func (a *edge) grow() { a.values = append(a.values, nil) }
func (a *edge) take(g int, r *view.Record) {
	if v := r.Field(a.field); v != nil && (a.last || a.values[g] == nil) {
		a.values[g] = append(a.values[g][:0], v...)
	}
}
func (a *edge) append(b []byte, g int) []byte {
	if a.values[g] == nil {
		return appendNull(b)
	}
	return append(b, a.values[g]...)
}
func (a *edge) save(b []byte) []byte {
	for _, v := range a.values {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
		b = append(b, v...)
	}
	return b
}
func (a *edge) load(b []byte, n int) ([]byte, error) {
	a.values = nil
	for range n {
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return nil, errDamaged
		}
		size := 4 + int(binary.LittleEndian.Uint32(b))
		var v []byte
		if size > 4 {
			v = append(v, b[4:size]...)
		}
		a.values = append(a.values, v)
		b = b[size:]
	}
	return b, nil
}

// steps is a histogram between given edges: how many numbers are below the
// first, from each up to the next, and from the last on.
type steps struct {
	field int
	edges []float64
	n     column // len(edges)+1 for each group
}

func (a *steps) grow() {
	for range len(a.edges) + 1 {
		a.n.grow(0)
	}
}
func (a *steps) take(g int, r *view.Record) {
	f, ok := r.Field(a.field).Float()
	if !ok {
		return
	}
	i := 0
	for i < len(a.edges) && f >= a.edges[i] {
		i++
	}
	a.n[g*(len(a.edges)+1)+i]++
}
func (a *steps) append(b []byte, g int) []byte {
	b = append(b, '[')
	for i := range len(a.edges) + 1 {
		from, to := math.Inf(-1), math.Inf(1)
		if i > 0 {
			from = a.edges[i-1]
			b = append(b, ',')
		}
		if i < len(a.edges) {
			to = a.edges[i]
		}
		b = appendBucket(b, from, to, a.n[g*(len(a.edges)+1)+i])
	}
	return append(b, ']')
}
func (a *steps) save(b []byte) []byte { return a.n.save(b) }
func (a *steps) load(b []byte, n int) ([]byte, error) {
	return a.n.load(b, n*(len(a.edges)+1))
}

// appendBucket writes part of a histogram; a bound that is infinite is null.
func appendBucket(b []byte, from, to, n float64) []byte {
	b = json.AppendFloat(append(b, `{"from":`...), from)
	b = json.AppendFloat(append(b, `,"to":`...), to)
	return append(json.AppendFloat(append(b, `,"count":`...), n), '}')
}

// histogram is how many numbers there are in each stretch of one width, where
// there are any.
type histogram struct {
	field   int
	width   float64
	buckets [][]bucket // in order, for each group
}

// bucket is the numbers from at × width up to (at + 1) × width.
type bucket struct{ at, n float64 }

func (a *histogram) grow() { a.buckets = append(a.buckets, nil) }
func (a *histogram) take(g int, r *view.Record) {
	f, ok := r.Field(a.field).Float()
	if !ok || math.IsInf(f, 0) {
		return
	}
	at := math.Floor(f / a.width)
	all := a.buckets[g]
	low, high := 0, len(all)
	for low < high {
		middle := (low + high) / 2
		if all[middle].at < at {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == len(all) || all[low].at != at {
		all = append(all, bucket{})
		copy(all[low+1:], all[low:])
		all[low] = bucket{at: at}
		a.buckets[g] = all
	}
	all[low].n++
}
func (a *histogram) append(b []byte, g int) []byte {
	b = append(b, '[')
	for i, k := range a.buckets[g] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendBucket(b, k.at*a.width, (k.at+1)*a.width, k.n)
	}
	return append(b, ']')
}
func (a *histogram) save(b []byte) []byte {
	for _, all := range a.buckets {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(all)))
		for _, k := range all {
			b = column{k.at, k.n}.save(b)
		}
	}
	return b
}
func (a *histogram) load(b []byte, n int) ([]byte, error) {
	a.buckets = nil
	for range n {
		if len(b) < 4 {
			return nil, errDamaged
		}
		var flat column
		rest, err := flat.load(b[4:], 2*int(binary.LittleEndian.Uint32(b)))
		if err != nil {
			return nil, err
		}
		b = rest
		var all []bucket
		for i := 0; i < len(flat); i += 2 {
			all = append(all, bucket{flat[i], flat[i+1]})
		}
		a.buckets = append(a.buckets, all)
	}
	return b, nil
}
