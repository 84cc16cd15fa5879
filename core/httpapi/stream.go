package httpapi

import (
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
)

// stream is an answer whose end is not known, as NDJSON or as server-sent
// events. Nothing but one piece waits in it for the client, and what makes the
// items waits with it.
type stream struct {
	h      *Handler
	w      http.ResponseWriter
	r      *request
	conn   *http.ResponseController
	events bool
	ending <-chan struct{} // closed when a live one is to end
	begun  bool
	buf    []byte
}

// pieceBytes is about how much of a stream is written at a time.
const pieceBytes = 64 << 10

// open begins a stream, if there may be one more. close ends it.
func (h *Handler) open(w http.ResponseWriter, r *request, media string, live bool) (*stream, error) {
	select {
	case h.streams <- struct{}{}:
	default:
		p := refuse(http.StatusServiceUnavailable, "BUSY", "as many streams are open as may be")
		p.retryAfter = 1
		return nil, p
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Add("Vary", "Accept")
	if live {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Accel-Buffering", "no") // has nginx pass each piece on
	}
	_, ending := h.state()
	return &stream{h: h, w: w, r: r, conn: http.NewResponseController(w), events: media == typeEvents, ending: ending}, nil
}

func (s *stream) close() { <-s.h.streams }

// flush writes what waits, and with it the header.
func (s *stream) flush() error {
	if !s.begun {
		s.begun = true
		s.w.WriteHeader(http.StatusOK)
	}
	rest := s.buf
	s.buf = s.buf[:0]
	if s.r.Method == http.MethodHead {
		return nil
	}
	for first := true; first || len(rest) > 0; first = false {
		piece := rest[:min(len(rest), pieceBytes)]
		rest = rest[len(piece):]
		// Hosts that know no deadlines have none.
		_ = s.conn.SetWriteDeadline(time.Now().Add(s.h.opts.WriteTimeout))
		if _, err := s.w.Write(piece); err != nil {
			return err
		}
		if err := s.conn.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	if cap(s.buf) > 4*pieceBytes {
		s.buf = nil // after a large record
	}
	return s.r.Context().Err()
}

// full writes what waits if it is a piece.
func (s *stream) full() error {
	if len(s.buf) < pieceBytes {
		return s.r.Context().Err()
	}
	return s.flush()
}

// end ends a stream that came to its end, or to err. Once it has begun, there is
// no other answer than to break it off, so that nobody takes it for whole; events
// can be told why before.
func (s *stream) end(err error) error {
	if err == nil {
		err = s.flush()
	}
	switch {
	case err == nil:
		return nil
	case !s.begun:
		return err
	case s.events && s.r.Context().Err() == nil:
		s.buf = append(s.buf, "event: problem\ndata: "...)
		s.buf = append(problemOf(err).appendJSON(s.buf), "\n\n"...)
		if s.flush() == nil {
			return nil
		}
	}
	panic(http.ErrAbortHandler)
}

// wait waits until woken, and says in between that the stream is alive. It
// reports false when that is over.
func (s *stream) wait(woken <-chan struct{}) (more bool, err error) {
	timer := time.NewTimer(s.h.opts.Heartbeat)
	defer timer.Stop()
	for {
		select {
		case <-woken:
			return true, nil
		case <-s.ending:
			return false, nil
		case <-s.r.Context().Done():
			return false, s.r.Context().Err()
		case <-timer.C:
			s.heartbeat()
			if err := s.flush(); err != nil {
				return false, err
			}
			timer.Reset(s.h.opts.Heartbeat)
		}
	}
}

// heartbeat puts out what says that the stream is there, and nothing else.
func (s *stream) heartbeat() {
	if s.events {
		s.buf = append(s.buf, ":\n\n"...)
	} else {
		s.buf = append(s.buf, '\n')
	}
}

// watch has a token put into woken whenever since moves.
func (h *Handler) watch() (woken chan struct{}, stop func()) {
	woken = make(chan struct{}, 1)
	return woken, h.log.Watch(func(core.Seq) {
		select {
		case woken <- struct{}{}:
		default:
		}
	})
}

// accept is the first of the media types that the client takes.
func (r *request) accept(types ...string) (string, error) {
	accepted := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accepted) == "" {
		return types[0], nil
	}
	for _, part := range strings.Split(accepted, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil || strings.Trim(params["q"], "0.") == "" && params["q"] != "" {
			continue
		}
		for _, t := range types {
			kind, _, _ := strings.Cut(t, "/")
			if media == t || media == "*/*" || media == kind+"/*" {
				return t, nil
			}
		}
	}
	return "", refuse(http.StatusNotAcceptable, "INVALID_OPTION", "this is answered as "+strings.Join(types, " or "))
}
