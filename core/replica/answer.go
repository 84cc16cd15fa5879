package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
)

// Limits bound an answer.
type Limits struct {
	// Bytes is about how many bytes of records it holds; what is more comes with
	// the next one. Default 8 MiB.
	Bytes int

	// Wait is how long to wait for something to tell before it is answered that
	// there is nothing.
	Wait time.Duration

	// Stop, when it is closed, ends the wait before its time. It may be nil.
	Stop <-chan struct{}
}

const defaultBytes = 8 << 20

// Answer is the side that is asked: it takes in a message, and writes what the
// other replica lacks. What it has taken in of a message that breaks off stays.
// Write is called with whole frames, and not while anybody waits for the replica.
func (r *Replica) Answer(ctx context.Context, message io.Reader, answer io.Writer, limits Limits) error {
	if limits.Bytes == 0 {
		limits.Bytes = defaultBytes
	}
	in, err := r.takeAll(ctx, message)
	if err != nil {
		return err
	}
	moved, stop := r.watch()
	defer stop()
	late := time.NewTimer(limits.Wait)
	defer late.Stop()
	for waiting := limits.Wait > 0 && len(in.seen) == 0 && in.records == 0; ; {
		reply, err := r.reply(ctx, in)
		if err != nil {
			return err
		}
		if !waiting || !reply.empty() {
			return reply.write(ctx, answer, limits.Bytes)
		}
		select {
		case <-moved:
		case <-late.C:
			waiting = false
		case <-limits.Stop:
			waiting = false
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// takeAll takes in a whole message.
func (r *Replica) takeAll(ctx context.Context, message io.Reader) (*incoming, error) {
	in := r.incoming()
	piece := make([]byte, 64<<10)
	for first := true; ; first = false {
		n, err := message.Read(piece)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading what another replica sends: %w", err)
		}
		if err := r.takePiece(ctx, in, piece[:n], first); err != nil {
			return nil, err
		}
		if err == nil {
			continue
		}
		if !in.ended {
			return nil, fmt.Errorf("%w: it ends too early", ErrMessage)
		}
		return in, nil
	}
}

func (r *Replica) takePiece(ctx context.Context, in *incoming, piece []byte, first bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first {
		if err := r.refresh(ctx); err != nil {
			return err
		}
	}
	return in.write(ctx, piece)
}

// watch tells when the log has changed.
func (r *Replica) watch() (moved <-chan struct{}, stop func()) {
	token := make(chan struct{}, 1)
	tell := func() {
		select {
		case token <- struct{}{}:
		default:
		}
	}
	appended := r.log.Watch(func(core.Seq) { tell() })
	deleted := r.log.WatchDeletions(tell)
	return token, func() { appended(); deleted() }
}

// reply is what is to be told to another replica.
type reply struct {
	replica *Replica
	status  *status
	out     *outgoing
	deleted map[Origin][]places
}

// reply puts together what to tell a replica that has sent that message. Its
// deleted places are compared when it has all records.
func (r *Replica) reply(ctx context.Context, in *incoming) (*reply, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx); err != nil {
		return nil, err
	}
	out, err := r.outgoing(ctx, in.status)
	if err != nil {
		return nil, err
	}
	s, err := r.status(ctx, in.status, in.seen)
	if err != nil {
		return nil, err
	}
	rep := &reply{replica: r, status: s, out: out, deleted: map[Origin][]places{}}
	if in.status.only || s.only {
		return rep, nil
	}
	for id, h := range r.table.origins {
		ph := in.status.of(id)
		if known := in.seen[id]; known != 0 && known == h.digest {
			continue // as it was told now
		}
		if h.digest != ph.digest && h.digest != 0 && h.digest != ph.seen && !h.forked {
			rep.deleted[id] = h.deleted
		}
	}
	return rep, nil
}

func (rep *reply) empty() bool { return rep.out.done() && len(rep.deleted) == 0 }

func (rep *reply) write(ctx context.Context, w io.Writer, budget int) error {
	if _, err := w.Write(rep.status.encode()); err != nil {
		return err
	}
	for sent := 0; sent < budget; {
		frame, err := rep.frame(ctx)
		if err != nil {
			return err
		}
		if frame == nil {
			break
		}
		if _, err := w.Write(frame); err != nil {
			return err
		}
		sent += len(frame)
	}
	more := !rep.out.done()
	if !more {
		for id, set := range rep.deleted {
			if _, err := w.Write(encodeDeleted(id, set)); err != nil {
				return err
			}
		}
	}
	_, err := w.Write(encodeEnd(more))
	return err
}

func (rep *reply) frame(ctx context.Context) ([]byte, error) {
	rep.replica.mu.Lock()
	defer rep.replica.mu.Unlock()
	return rep.out.next(ctx)
}
