//go:build js && wasm

package durablestore

import (
	"fmt"
	"strings"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
)

// statement is one of SQL, with the values for its question marks: strings,
// int64, int and []byte.
type statement []any

func sql(text string, values ...any) statement { return append(statement{text}, values...) }

// rows are what a statement has found.
type rows struct{ js.Value }

func (r rows) count() int                    { return r.Length() }
func (r rows) cell(row, column int) js.Value { return r.Index(row).Index(column) }
func (r rows) integer(row, column int) int64 { return int64(r.cell(row, column).Float()) }
func (r rows) bytes(row, column int) []byte  { return r.into(row, column, nil) }
func (r rows) size(row, column int) int      { return r.cell(row, column).Length() }
func (r rows) into(row, column int, b []byte) []byte {
	cell := r.cell(row, column)
	start := len(b)
	b = append(b, make([]byte, cell.Length())...)
	js.CopyBytesToGo(b[start:], cell)
	return b
}

// run runs statements one behind the other, all or none, and gives what each has
// found. It does not wait for anything.
func (s *Store) run(statements ...statement) (results []rows, err error) {
	list := array.New(len(statements))
	for i, st := range statements {
		one := array.New(len(st))
		for j, value := range st {
			switch v := value.(type) {
			case []byte:
				b := uint8Array.New(len(v))
				js.CopyBytesToJS(b, v)
				value = b
			case int64:
				value = float64(v)
			}
			one.SetIndex(j, value)
		}
		list.SetIndex(i, one)
	}
	found, err := s.call("run", list)
	if err != nil {
		return nil, err
	}
	for i := range statements {
		results = append(results, rows{found.Index(i)})
	}
	return results, nil
}

var (
	array      = js.Global().Get("Array")
	uint8Array = js.Global().Get("Uint8Array")
)

// call calls a function of the storage's, and makes an error of what it throws.
func (s *Store) call(name string, args ...any) (value js.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			thrown, ok := p.(js.Error)
			if !ok {
				panic(p)
			}
			err = hostError(thrown)
		}
	}()
	return s.storage.Call(name, args...), nil
}

// hostError names the errors of the host that are known.
func hostError(err error) error {
	if text := err.Error(); strings.Contains(text, "SQLITE_FULL") || strings.Contains(text, "database or disk is full") {
		return fmt.Errorf("%w: %w", core.ErrQuota, err)
	}
	return err
}
