package httpapi

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core/json"
)

// health answers how the log stands with its store, and as events whenever that
// has changed, though not every step on the way. It does not ask the store, which
// may be what is wrong.
func (h *Handler) health(w http.ResponseWriter, r *request) error {
	if err := r.options(); err != nil {
		return err
	}
	media, err := r.accept(typeJSON, typeEvents)
	if err != nil {
		return err
	}
	if media == typeJSON {
		return writeJSON(w, r, http.StatusOK, h.appendHealth(nil))
	}
	woken := make(chan struct{}, 1)
	stop := h.log.WatchHealth(func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	})
	defer stop()
	s, err := h.open(w, r, media, true)
	if err != nil {
		return err
	}
	defer s.close()
	return s.end(s.followHealth(woken))
}

func (s *stream) followHealth(woken <-chan struct{}) error {
	var told []byte
	for more := true; ; {
		if now := s.h.appendHealth(nil); !bytes.Equal(now, told) {
			told = now
			s.buf = append(append(append(s.buf, "data: "...), now...), "\n\n"...)
			if err := s.flush(); err != nil || s.r.Method == http.MethodHead {
				return err
			}
		}
		if !more {
			return nil
		}
		var err error
		if more, err = s.wait(woken); err != nil {
			return err
		}
	}
}

func (h *Handler) appendHealth(b []byte) []byte {
	now, at := h.log.Health()
	b = json.AppendText(append(b, `{"state":`...), []byte(now.Condition))
	b = strconv.AppendInt(append(b, `,"at":`...), at.UnixMilli(), 10)
	if now.Err != nil {
		b = problemOf(now.Err).appendJSON(append(b, `,"error":`...))
	}
	if now.Step != "" {
		b = json.AppendText(append(b, `,"step":`...), []byte(now.Step))
	}
	if now.Freed > 0 {
		b = strconv.AppendInt(append(b, `,"freed":`...), now.Freed, 10)
	}
	return append(b, '}')
}
