package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/view"
)

func (h *Handler) mounted() []*view.Mounted {
	if h.opts.Views == nil {
		return nil
	}
	return h.opts.Views.Views()
}

func (h *Handler) viewBytes() (n int64) {
	for _, m := range h.mounted() {
		n += int64(m.Status().Bytes)
	}
	return n
}

// listViews answers where each view stands.
func (h *Handler) listViews(w http.ResponseWriter, r *request) error {
	if err := r.options(); err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, h.appendViews(nil))
}

// progress answers how far the views have come, together and each.
func (h *Handler) progress(w http.ResponseWriter, r *request) error {
	if err := r.options(); err != nil {
		return err
	}
	ctx, cancel := h.bounded(r)
	defer cancel()
	if err := h.refresh(ctx); err != nil {
		return err
	}
	since := h.log.Since()
	least := since
	for _, m := range h.mounted() {
		least = min(least, m.Status().Since)
	}
	b := strconv.AppendInt([]byte(`{"current":`), int64(least), 10)
	b = strconv.AppendInt(append(b, `,"target":`...), int64(since), 10)
	b = h.appendViews(append(b, `,"views":`...))
	return writeJSON(w, r, http.StatusOK, append(b, '}'))
}

func (h *Handler) appendViews(b []byte) []byte {
	b = append(b, '[')
	for i, m := range h.mounted() {
		if i > 0 {
			b = append(b, ',')
		}
		s := m.Status()
		b = json.AppendText(append(b, `{"name":`...), []byte(m.Name()))
		b = strconv.AppendInt(append(b, `,"since":`...), int64(s.Since), 10)
		b = strconv.AppendInt(append(b, `,"bytes":`...), int64(s.Bytes), 10)
		b = strconv.AppendBool(append(b, `,"stale":`...), s.Stale)
		if s.Err != nil {
			b = problemOf(s.Err).appendJSON(append(b, `,"error":`...))
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func (h *Handler) findView(name string) (*view.Mounted, error) {
	for _, m := range h.mounted() {
		if m.Name() == name {
			return m, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "NOT_FOUND", fmt.Sprintf("there is no view %q", name))
}

// viewRead is a question to a view.
type viewRead struct {
	view   *view.Mounted
	method string
	args   json.Value // an array
	since  core.Seq
}

// readView answers a method of a view; as NDJSON, all pages of one that answers
// by the page.
func (h *Handler) readView(w http.ResponseWriter, r *request) error {
	if err := r.options("args", "since"); err != nil {
		return err
	}
	media, err := r.accept(typeJSON, typeNDJSON)
	if err != nil {
		return err
	}
	q := viewRead{method: r.params[1], since: view.Newest}
	if q.view, err = h.findView(r.params[0]); err != nil {
		return err
	}
	if n, given, err := r.number("since"); err != nil {
		return err
	} else if given {
		q.since = core.Seq(max(n, -1))
	}
	ctx, cancel := h.bounded(r)
	defer cancel()
	if err := h.arguments(ctx, w, r, &q); err != nil {
		return err
	}
	if err := h.refresh(ctx); err != nil {
		return err
	}
	if media == typeNDJSON {
		s, err := h.open(w, r, media, false)
		if err != nil {
			return err
		}
		defer s.close()
		w.Header().Set("Cache-Control", "no-store")
		return s.end(s.pages(q))
	}
	answer, since, stale, err := q.ask(ctx, q.args)
	if err != nil {
		return err
	}
	w.Header().Set("Flumedb-Since", strconv.FormatInt(int64(since), 10))
	if stale {
		w.Header().Set("Flumedb-Stale", "true")
	}
	if len(answer) == 0 {
		answer = []byte("null")
	}
	return writeJSON(w, r, http.StatusOK, answer)
}

// arguments reads the arguments from the query, or of a POST from the body.
func (h *Handler) arguments(ctx context.Context, w http.ResponseWriter, r *request, q *viewRead) error {
	text := []byte(r.query.Get("args"))
	switch {
	case r.Method == http.MethodPost && r.query.Has("args"):
		return invalid("args are the body of a POST")
	case r.Method == http.MethodPost:
		if media, err := r.contentType(); err != nil {
			return err
		} else if media != typeJSON {
			return refuse(http.StatusUnsupportedMediaType, "INVALID_OPTION", "arguments are a JSON array")
		}
		body, release, err := h.body(ctx, w, r, maxArguments)
		if err != nil {
			return err
		}
		release()
		text = body
	case len(text) == 0:
		text = []byte("[]")
	}
	q.args = trim(text)
	if !json.Valid(q.args) || q.args.Kind() != json.Array {
		return invalid("arguments are a JSON array")
	}
	return nil
}

// ask makes the call, when the view has come to what is wanted.
func (q *viewRead) ask(ctx context.Context, args json.Value) (answer json.Value, since core.Seq, stale bool, err error) {
	if q.since != view.Loaded {
		if err := q.view.Wait(ctx, q.since); err != nil {
			return nil, core.None, false, err
		}
	}
	call := q.view.Call(q.method, args, q.since == view.Loaded)
	for {
		if err = call.Try(); !errors.Is(err, view.ErrAwait) {
			return call.Out, call.Since(), call.Stale(), err
		}
		if err = call.Await(ctx); err != nil {
			return nil, core.None, false, err
		}
	}
}

// pages puts out the items of all pages, one a line.
func (s *stream) pages(q viewRead) error {
	ctx := s.r.Context()
	args := q.args
	for {
		page, since, _, err := q.ask(ctx, args)
		if err != nil {
			return err
		}
		answer := page.Member("items")
		if answer.Kind() != json.Array {
			return refuse(http.StatusNotAcceptable, "INVALID_OPTION", fmt.Sprintf("%s of %q does not answer by the page: ask for %s", q.method, q.view.Name(), typeJSON))
		}
		for items := answer.Items(); ; {
			item, more := items.Next()
			if !more {
				break
			}
			s.buf = append(appendLine(s.buf, item), '\n')
			if err := s.full(); err != nil {
				return err
			}
		}
		next := page.Member("next")
		if next == nil {
			return nil
		}
		args = withCursor(q.args, next)
		q.since = since
		if page.Member("wait").Kind() == json.True {
			if err := s.flush(); err != nil {
				return err
			}
			if more, err := s.waitForView(q.view, since+1); !more {
				return err
			}
		}
	}
}

// withCursor gives the first argument and a cursor.
func withCursor(args, next json.Value) json.Value {
	items := args.Items()
	first, ok := items.Next()
	if !ok {
		first = json.Value("{}")
	}
	b := append([]byte{'['}, first...)
	b = append(append(b, ','), next...)
	return append(b, ']')
}

// waitForView waits until a view has moved on.
func (s *stream) waitForView(m *view.Mounted, seq core.Seq) (more bool, err error) {
	ctx, cancel := context.WithCancel(s.r.Context())
	defer cancel()
	woken := make(chan struct{}, 1)
	var failed error
	go func() {
		failed = m.Wait(ctx, seq)
		woken <- struct{}{}
	}()
	if more, err := s.wait(woken); !more {
		return false, err
	}
	return true, failed
}
