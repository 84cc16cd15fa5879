package core

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core/segment"
)

const (
	// MaxKey is how many bytes the key of an append may have.
	MaxKey = 255

	// KeysKept is how many keys a log remembers at least: those of so many of
	// the newest appends that had one.
	KeysKept = 5_000
)

// Made is what was appended under a key.
type Made struct {
	Last  Seq    // of the newest record
	Count int    // of the records
	Sum   uint64 // of the records' bytes and lengths
}

// Key is the key of an append as a store is to remember it.
type Key struct {
	Name    string
	Through int // how many of the commit's records are the append's or stand before them
	Count   int
	Sum     uint64
}

// Made is what the key stands for when the commit's first record has that seq.
func (k Key) Made(first Seq) Made {
	return Made{Last: first + Seq(k.Through) - 1, Count: k.Count, Sum: k.Sum}
}

// KnownError says which keys of a commit a store remembers from before. Nothing
// of the commit has been appended.
type KnownError struct {
	Known map[string]Made
}

// Error implements error.
func (e *KnownError) Error() string {
	return fmt.Sprintf("%d of the keys have been used", len(e.Known))
}

// MadeSize is the bytes that Encode writes.
const MadeSize = 28

// Encode writes what is stored of a key: last seq, count and sum, and a
// checksum of these.
func (m Made) Encode(b []byte) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint64(b, uint64(m.Last))
	b = binary.LittleEndian.AppendUint32(b, uint32(m.Count))
	b = binary.LittleEndian.AppendUint64(b, m.Sum)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b[start:]))
}

// DecodeMade reads what Encode has written; ok is false where the bytes are
// damaged.
func DecodeMade(b []byte) (m Made, ok bool) {
	if len(b) != MadeSize || xxhash.Sum64(b[:MadeSize-8]) != binary.LittleEndian.Uint64(b[MadeSize-8:]) {
		return Made{}, false
	}
	return Made{
		Last:  Seq(binary.LittleEndian.Uint64(b)),
		Count: int(binary.LittleEndian.Uint32(b[8:])),
		Sum:   binary.LittleEndian.Uint64(b[12:]),
	}, true
}

// AppendOnce appends records, all or none, unless an append with that key has
// been made already: then it appends nothing, and answers what that one did,
// with again set. So an append whose answer was lost can simply be made again,
// also after a crash, by another process or in another tab: whatever it is that
// failed, it is there once. The store keeps the key in the commit that holds the
// records; the newest KeysKept keys at least are remembered.
//
// A key that has been used for other records fails with ErrKeyReused.
func (l *Log) AppendOnce(ctx context.Context, key string, records ...[]byte) (made Made, again bool, err error) {
	run, lens, err := joinRun(records)
	if err != nil {
		return Made{}, false, err
	}
	type answer struct {
		made  Made
		again bool
		err   error
	}
	answered := make(chan answer, 1)
	err = l.EnqueueOnce(key, run, lens, func(made Made, again bool, err error) { answered <- answer{made, again, err} })
	if err != nil {
		return Made{}, false, err
	}
	l.Commit()
	select {
	case a := <-answered:
		return a.made, a.again, a.err
	case <-ctx.Done():
		return Made{}, false, ctx.Err()
	}
}

// EnqueueOnce takes records for the next commit as Enqueue does, under a key as
// AppendOnce does. run and lens belong to the log until done is called.
func (l *Log) EnqueueOnce(key string, run []byte, lens []uint32, done func(made Made, again bool, err error)) error {
	if key == "" || len(key) > MaxKey {
		return fmt.Errorf("%w: it has %d bytes, and 1 to %d are possible", ErrInvalidKey, len(key), MaxKey)
	}
	if err := checkRun(run, lens); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return errAppendClosed
	}
	g := l.queue.open(len(run), true)
	g.bytes += len(run) + 1
	g.keyed = append(g.keyed, keyed{key, run, lens, done})
	return nil
}

// keyed is an append with a key. Its records are not put into segments before
// the commit, since they may be there already.
type keyed struct {
	key  string
	run  []byte
	lens []uint32
	done func(made Made, again bool, err error)
}

// sum is by what another append with the same key is told from this one.
func (k keyed) sum() uint64 {
	d := xxhash.New()
	d.Write(k.run)
	var length [4]byte
	for _, n := range k.lens {
		binary.LittleEndian.PutUint32(length[:], n)
		d.Write(length[:])
	}
	return d.Sum64()
}

// answer tells what was appended under the key before.
func (k keyed) answer(made Made) {
	if made.Count != len(k.lens) || made.Sum != k.sum() {
		k.done(Made{}, false, fmt.Errorf("append: %w", ErrKeyReused))
		return
	}
	k.done(made, true, nil)
}

// commitKeyed commits a group of appends with keys: all that are new in one
// commit.
func (l *Log) commitKeyed(left []keyed) {
	for uncertain := 0; len(left) > 0; {
		now, later := distinct(left)
		segments, keys := l.keyedSegments(now)
		deletions := l.deletionCount()
		var state State
		attempt := func() (err error) {
			state, err = l.store.AppendOnce(context.Background(), segments, keys)
			return err
		}
		err := attempt()
		if errors.Is(err, ErrQuota) {
			err = l.rescue(err, sizeOf(segments), attempt)
		}
		var known *KnownError
		switch {
		case errors.As(err, &known) && len(known.Known) > 0:
			left = append(l.answerKnown(now, known.Known), later...)
		case errors.Is(err, ErrUncertain) && uncertain == 0:
			uncertain++ // the keys tell, if the store can still be asked
		case err != nil:
			err = fmt.Errorf("append: %w", err)
			for _, k := range left {
				k.done(Made{}, false, err)
			}
			return
		default:
			l.hasRoom()
			l.keep(deletions, segments...)
			l.advance(state)
			first := segments[0].First()
			for i, k := range now {
				k.done(keys[i].Made(first), false, nil)
			}
			if l.merger != nil {
				l.merger.committed(segments)
			}
			left = later
		}
	}
}

// distinct parts appends such that no two of now have the same key.
func distinct(left []keyed) (now, later []keyed) {
	seen := make(map[string]bool, len(left))
	for _, k := range left {
		if seen[k.key] {
			later = append(later, k)
			continue
		}
		seen[k.key] = true
		now = append(now, k)
	}
	return now, later
}

func (l *Log) keyedSegments(appends []keyed) ([]*segment.Segment, []Key) {
	var g group
	keys := make([]Key, len(appends))
	for i, k := range appends {
		g.add(k.run, k.lens, l.opts.SegmentBytes)
		keys[i] = Key{Name: k.key, Through: g.records, Count: len(k.lens), Sum: k.sum()}
	}
	g.seal()
	return g.segments, keys
}

func sizeOf(segments []*segment.Segment) (bytes int) {
	for _, s := range segments {
		bytes += s.Size()
	}
	return bytes
}

// answerKnown answers those whose key is known, and gives back the others.
func (l *Log) answerKnown(appends []keyed, known map[string]Made) (others []keyed) {
	var newest Seq
	for _, made := range known {
		newest = max(newest, made.Last)
	}
	if newest > l.Since() {
		// Made by another context. Whoever is told of the seq may read it.
		if _, err := l.Refresh(context.Background()); err != nil {
			l.warn(err)
		}
	}
	for _, k := range appends {
		if made, ok := known[k.key]; ok {
			k.answer(made)
		} else {
			others = append(others, k)
		}
	}
	return others
}

// joinRun makes a run of records, as Enqueue takes it.
func joinRun(records [][]byte) (run []byte, lens []uint32, err error) {
	if len(records) == 0 {
		return nil, nil, checkRun(nil, nil)
	}
	lens = make([]uint32, len(records))
	size := len(records) - 1
	for i, r := range records {
		if len(r) > segment.MaxRecord {
			return nil, nil, tooLarge(i, uint64(len(r)))
		}
		lens[i] = uint32(len(r))
		size += len(r)
	}
	run = make([]byte, 0, size+1)
	for _, r := range records {
		run = append(append(run, r...), ',')
	}
	return run[:size], lens, nil
}

func tooLarge(i int, n uint64) error {
	return fmt.Errorf("%w: record %d has %s bytes, and the most is %d",
		ErrInvalidRecord, i, strconv.FormatUint(n, 10), segment.MaxRecord)
}
