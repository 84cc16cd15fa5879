//go:build js && wasm

package idbstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"syscall/js"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// The keys of appends are rows of the object store "checkpoints" whose keys are
// arrays, as no checkpoint's are: [0, name] or [1, name], by the generation that
// is filled and the one before it. [2] is a row of which generation is filled
// and how many keys are in it. When these are core.KeysKept, the other one is
// emptied and filled from then on.
const keyGenerationsRow = 2

// AppendOnce implements core.Store.
func (s *Store) AppendOnce(ctx context.Context, segments []*segment.Segment, keys []core.Key) (core.State, error) {
	return s.appendSegments(ctx, segments, extras{keys: keys})
}

// storedKeys is the requests for what the database remembers of some keys.
type storedKeys struct {
	keys       []core.Key
	filling    js.Value
	made       []js.Value // of each key two
	generation int
	count      int
}

// askKeys asks for the rows of keys, in both generations. They are answered
// before all that is asked for later.
func (t *transaction) askKeys(keys []core.Key) *storedKeys {
	store := t.objectStore.Invoke(t.js, t.checkpoints)
	asked := &storedKeys{keys: keys, filling: t.get.Invoke(store, js.ValueOf([]any{keyGenerationsRow}))}
	for _, k := range keys {
		for generation := range 2 {
			asked.made = append(asked.made, t.get.Invoke(store, t.keyRow(generation, k.Name)))
		}
	}
	return asked
}

// keyRow is the key of a key's row. Names are bytes, and JavaScript's strings
// are not.
func (t *transaction) keyRow(generation int, name string) js.Value {
	return js.ValueOf([]any{generation, t.bytesToJS([]byte(name))})
}

// readKeys reads the answers, which are there, and fails with a
// *core.KnownError where one of the keys is.
func (t *transaction) readKeys(asked *storedKeys) error {
	if row := t.reflectGet.Invoke(asked.filling, t.result); !row.IsUndefined() {
		b, ok := t.bytesFromJS(row)
		if !ok || len(b) != 8 {
			return fmt.Errorf("the row of the keys' generations is damaged: %w", core.ErrCorrupt)
		}
		asked.generation = int(b[0] & 1)
		asked.count = int(binary.LittleEndian.Uint32(b[4:]))
	}
	known := map[string]core.Made{}
	for i, request := range asked.made {
		row := t.reflectGet.Invoke(request, t.result)
		if row.IsUndefined() {
			continue
		}
		b, _ := t.bytesFromJS(row)
		made, ok := core.DecodeMade(b)
		if !ok {
			return fmt.Errorf("the row of the key %q is damaged: %w", asked.keys[i/2].Name, core.ErrCorrupt)
		}
		known[asked.keys[i/2].Name] = made
	}
	if len(known) > 0 {
		return &core.KnownError{Known: known}
	}
	return nil
}

// writeKeys puts the rows of keys whose commit begins at the seq first.
func (t *transaction) writeKeys(asked *storedKeys, first core.Seq) {
	store := t.objectStore.Invoke(t.js, t.checkpoints)
	for _, k := range asked.keys {
		t.put.Invoke(store, t.bytesToJS(k.Made(first).Encode(nil)), t.keyRow(asked.generation, k.Name))
	}
	generation, count := asked.generation, asked.count+len(asked.keys)
	if count >= core.KeysKept {
		generation, count = 1-generation, 0
		whole := t.bound.Invoke(js.ValueOf([]any{generation}), js.ValueOf([]any{generation + 1}), false, true)
		t.del.Invoke(store, whole)
	}
	row := binary.LittleEndian.AppendUint32([]byte{byte(generation), 0, 0, 0}, uint32(count))
	t.put.Invoke(store, t.bytesToJS(row), js.ValueOf([]any{keyGenerationsRow}))
}
