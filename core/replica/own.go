package replica

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core"
)

// givenName is the checkpoint that tells which of this log's own places others may
// know: its origin, the place behind them, and a checksum. It is written before
// they are told, and not dropped when room runs out.
const givenName = core.OwnPrefix + "given"

// loadGiven reads it. Where it is lost, nothing was given: then what others have
// is compared with what is here. mu is held.
func (r *Replica) loadGiven(ctx context.Context) error {
	b, err := r.log.Checkpoint(ctx, givenName)
	if err != nil && !errors.Is(err, core.ErrCorrupt) {
		return err
	}
	r.given = 0
	le := binary.LittleEndian
	if len(b) == 24 && xxhash.Sum64(b[:16]) == le.Uint64(b[16:]) && Origin(le.Uint64(b)) == r.table.own.id {
		r.given = le.Uint64(b[8:])
	}
	return nil
}

// give notes that others will know this log's own places below next. mu is held.
func (r *Replica) give(ctx context.Context, next uint64) error {
	if next <= r.given {
		return nil
	}
	le := binary.LittleEndian
	b := le.AppendUint64(le.AppendUint64(nil, uint64(r.table.own.id)), next)
	if err := r.log.SetCheckpoint(ctx, givenName, le.AppendUint64(b, xxhash.Sum64(b))); err != nil {
		return err
	}
	r.given = next
	return nil
}

// comparison is how far the records of this very log that another replica has
// were compared with those that are here.
type comparison struct {
	going   bool
	through uint64 // places below it were
	agreed  uint64 // behind the last place at which both have the same record
	forks   bool   // they are not the same: it is another origin from agreed on
}

// doubted tells whether another replica knows of this log's own places what this
// one has not told: places that it has not given or does not have, or other records.
// Then this log was restored from an old backup, has lost records, or is a copy, and
// a comparison begins. Until that ends nothing else is taken in: it may be this
// log's own, under the name that it is about to have. mu is held.
func (r *Replica) doubted(ctx context.Context, peer head) (bool, error) {
	own := r.table.own
	agrees, err := r.agrees(ctx, own, peer)
	if err != nil || agrees && peer.next <= min(r.given, own.next) {
		return false, err
	}
	if !r.compared.going {
		start := uint64(0)
		if agrees && r.given <= own.next { // else it has lost some that it had given
			start = r.given
		}
		r.compared = comparison{going: true, through: start, agreed: start}
	}
	return true, nil
}

// takeOwn takes in records of this very log that another replica has, of which the
// places below peerNext are known to that. Where it has others at some places, or
// more, they are appended as what they now are, records from elsewhere, and this
// log is another origin from the first of these places on. Where it cannot be told
// whether they are the same, they are not. mu is held.
func (r *Replica) takeOwn(ctx context.Context, theirs run, peerNext uint64) (records int, err error) {
	c, own := &r.compared, r.table.own
	if !c.going || theirs.from > c.through {
		return 0, nil // the next status asks for what is wanted
	}
	if !c.forks {
		if err := r.compareOwn(ctx, theirs); err != nil {
			return 0, err
		}
		if !c.forks && c.through >= peerNext {
			c.going = false
			return 0, r.give(ctx, peerNext)
		}
		if !c.forks {
			return 0, nil
		}
	}
	if theirs.from > c.agreed {
		c.through = c.agreed // from there on they are wanted, to be appended
		return 0, nil
	}
	if theirs.end() <= c.agreed {
		return 0, nil // of who was asked before
	}
	rest := theirs
	if c.agreed > theirs.place {
		rest = theirs.without(min(int(c.agreed-theirs.place), len(theirs.lens)))
	}
	gone := len(rest.lens) == 0
	if gone {
		// All that they have there is deleted. What says so has to be of a record,
		// which is deleted at once.
		rest = run{place: theirs.end() - 1, lens: []uint32{4}, bytes: []byte("null")}
	}
	fork, err := r.forkOf(ctx, own, c.agreed)
	if err != nil {
		return 0, err
	}
	n := len(rest.lens)
	err = r.append(ctx, []core.Note{{
		Last: core.Seq(n) - 1, Origin: uint64(own.id), Place: rest.place, Fork: uint64(fork), Boundary: c.agreed,
	}}, rest.bytes, rest.lens)
	if errors.Is(err, core.ErrConflict) {
		return 0, nil // it is compared again, with what has come meanwhile
	}
	if err != nil || !gone {
		return n, err
	}
	if err := r.log.Delete(ctx, own.seqOf(r.table, rest.place)); err != nil {
		return 0, err
	}
	return 0, r.refresh(ctx)
}

// forkOf names the origin that this log's own records from a place on are of. Where
// there are some it follows from them: another copy that has the same ones, which
// were told to nobody before it was made, comes to the same name, so that they are
// the same. If not, it is drawn.
func (r *Replica) forkOf(ctx context.Context, own *history, boundary uint64) (Origin, error) {
	record, err := r.record(ctx, own, boundary)
	if err != nil && !errors.Is(err, core.ErrCorrupt) {
		return 0, err
	}
	if record != nil {
		le := binary.LittleEndian
		name := append(le.AppendUint64(le.AppendUint64(nil, uint64(own.id)), boundary), record...)
		if id := Origin(xxhash.Sum64(name) | 1); r.table.origins[id] == nil || r.table.origins[id].next == 0 {
			return id, nil
		}
	}
	return Origin(rand.Uint64() | 1), nil
}

// compareOwn compares what another replica has at this log's own places with what
// is here. mu is held.
func (r *Replica) compareOwn(ctx context.Context, theirs run) error {
	c, own := &r.compared, r.table.own
	err := theirs.records(func(i int, record []byte) error {
		place := theirs.place + uint64(i)
		if c.forks || place >= own.next {
			return nil
		}
		mine, err := r.record(ctx, own, place)
		switch {
		case errors.Is(err, core.ErrCorrupt), err == nil && mine == nil:
			return nil // unknown
		case err != nil:
			return err
		case !bytes.Equal(mine, record):
			c.forks = true
		default:
			c.agreed = max(c.agreed, place+1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.through = max(c.through, theirs.end())
	for place := c.agreed; place < min(theirs.end(), own.next) && !c.forks; place++ {
		// What they have deleted may be another record than what is here.
		c.forks = len(theirs.lens) == 0 && !contains(own.marked, place)
	}
	c.forks = c.forks || theirs.end() > own.next
	return nil
}
