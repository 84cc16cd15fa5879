//go:build js && wasm

package replicas

import (
	"context"
	"fmt"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/replica"
	"github.com/flumedb/flumedb-wasm/jsbridge"
)

// Serve makes the exports known to jsbridge. A module that calls it has sync: those
// that have views do, which a page that syncs fetches, so that others need not.
func Serve() {
	jsbridge.AddCode(replica.ErrMessage, "REPLICA")
	jsbridge.BeforeClose(func(_ context.Context, handle uint32) error {
		delete(replicas, handle)
		return nil
	})
}

// replicas are those of the open logs, by their handles; sessions those under way,
// by the requests that have begun them.
var (
	replicas = map[uint32]*replica.Replica{}
	sessions = map[uint32]*replica.Session{}
)

func checkJSON(record []byte) error {
	if !json.Valid(record) {
		return fmt.Errorf("%w: it is not valid JSON", core.ErrInvalidRecord)
	}
	return nil
}

func begin(handle, request uint32, onlyJSON bool) {
	log, ok := jsbridge.Opened(handle, request)
	if !ok {
		return
	}
	r := replicas[handle]
	if r == nil {
		var opts replica.Options
		if onlyJSON {
			opts.Check = checkJSON
		}
		r = replica.New(log, opts)
		replicas[handle] = r
	}
	sessions[request] = r.NewSession()
	jsbridge.Settle(request, jsbridge.Answer{})
}

// on does work on a session.
func on(session, request uint32, work func(ctx context.Context, s *replica.Session) (jsbridge.Answer, error)) {
	s := sessions[session]
	jsbridge.Start(request, func(ctx context.Context) (jsbridge.Answer, error) {
		if s == nil {
			return jsbridge.Answer{}, fmt.Errorf("the session has ended: %w", core.ErrClosed)
		}
		return work(ctx, s)
	})
}

func message(session, request uint32, budget int) {
	on(session, request, func(ctx context.Context, s *replica.Session) (jsbridge.Answer, error) {
		b, err := s.Message(ctx, budget)
		return jsbridge.Answer{Data: b}, err
	})
}

func take(session, request uint32, piece []byte) {
	on(session, request, func(ctx context.Context, s *replica.Session) (jsbridge.Answer, error) {
		err := s.Take(ctx, piece)
		p := s.Progress()
		return jsbridge.Answer{A: float64(p.Pulled), B: float64(p.ToPull)}, err
	})
}

func finish(session, request uint32) {
	on(session, request, func(ctx context.Context, s *replica.Session) (jsbridge.Answer, error) {
		p, err := s.Finish(ctx)
		return jsbridge.Answer{Data: appendProgress(nil, p)}, err
	})
}

func restart(session, request uint32) {
	on(session, request, func(ctx context.Context, s *replica.Session) (jsbridge.Answer, error) {
		return jsbridge.Answer{}, s.Restart(ctx)
	})
}

func appendProgress(b []byte, p replica.Progress) []byte {
	for i, n := range []uint64{p.Pulled, p.Pushed, p.ToPull, p.ToPush, uint64(p.Forked)} {
		b = append(b, []string{`{"pulled":`, `,"pushed":`, `,"toPull":`, `,"toPush":`, `,"forked":`}[i]...)
		b = strconv.AppendUint(b, n, 10)
	}
	b = append(b, `,"settled":`...)
	return append(strconv.AppendBool(b, p.Settled), '}')
}
