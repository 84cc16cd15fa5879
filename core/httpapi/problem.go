package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/replica"
	"github.com/flumedb/flumedb-wasm/core/segment"
	"github.com/flumedb/flumedb-wasm/core/view"
)

// problem is an answer as RFC 9457 has it, with one of the codes of
// docs/errors.md. It is an error too, of those who know their answer.
type problem struct {
	status     int
	code       string
	detail     string
	retryAfter int // in seconds; 0 for none

	// What it is about, none where it is not.
	first, last core.Seq
	segment     string
	view        string
	line        int // of the body, from 1
}

func (p *problem) Error() string { return p.detail }

func refuse(status int, code, detail string) *problem {
	return &problem{status: status, code: code, detail: detail, first: core.None, last: core.None}
}

func invalid(format string, args ...any) *problem {
	return refuse(http.StatusBadRequest, "INVALID_OPTION", fmt.Sprintf(format, args...))
}

// ErrBusy says that a limit is reached, for Fail: the request can be made again.
var ErrBusy = errors.New("busy")

// sentinels are the errors below and how they are answered. Where an error is
// several of them, the first counts.
var sentinels = []struct {
	err    error
	status int
	code   string
	retry  int
}{
	{ErrBusy, http.StatusServiceUnavailable, "BUSY", 1},
	{core.ErrGone, http.StatusServiceUnavailable, "GONE", 0},
	{core.ErrClosed, http.StatusServiceUnavailable, "CLOSED", 1},
	{core.ErrInvalidRecord, http.StatusBadRequest, "INVALID_RECORD", 0},
	{replica.ErrMessage, http.StatusBadRequest, "INVALID_OPTION", 0},
	{core.ErrInvalidKey, http.StatusBadRequest, "INVALID_OPTION", 0},
	{core.ErrKeyReused, http.StatusUnprocessableEntity, "KEY_REUSED", 0},
	{core.ErrLocked, http.StatusServiceUnavailable, "LOCKED", 1},
	{core.ErrUncertain, http.StatusInternalServerError, "UNCERTAIN", 0},
	{core.ErrQuota, http.StatusInsufficientStorage, "QUOTA", 0},
	{core.ErrVersion, http.StatusInternalServerError, "VERSION", 0},
	{core.ErrCorrupt, http.StatusInternalServerError, "CORRUPT", 0},
	{core.ErrNotFound, http.StatusNotFound, "NOT_FOUND", 0},
	{core.ErrDeleted, http.StatusGone, "DELETED", 0},
	{view.ErrOption, http.StatusBadRequest, "INVALID_OPTION", 0},
	{view.ErrStopped, http.StatusInternalServerError, "VIEW", 0},
	{os.ErrDeadlineExceeded, http.StatusRequestTimeout, "TIMEOUT", 0},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "TIMEOUT", 1},
	{context.Canceled, http.StatusServiceUnavailable, "ABORTED", 1},
}

func problemOf(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	p = refuse(http.StatusInternalServerError, "STORE", err.Error())
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			p.status, p.code, p.retryAfter = s.status, s.code, s.retry
			break
		}
	}
	if corrupt := (*segment.CorruptError)(nil); errors.As(err, &corrupt) {
		p.first, p.last, p.segment = corrupt.First, corrupt.Last, corrupt.Segment
	}
	if lost := (*core.LostError)(nil); errors.As(err, &lost) {
		p.first, p.last = lost.Place()
	}
	if stopped := (*view.Error)(nil); errors.As(err, &stopped) {
		p.view = stopped.View
		if p.first == core.None {
			p.first, p.last = stopped.Seq, stopped.Seq
		}
	}
	return p
}

func (p *problem) appendJSON(b []byte) []byte {
	b = append(b, `{"title":`...)
	b = json.AppendText(b, []byte(http.StatusText(p.status)))
	b = strconv.AppendInt(append(b, `,"status":`...), int64(p.status), 10)
	b = json.AppendText(append(b, `,"code":`...), []byte(p.code))
	b = json.AppendText(append(b, `,"detail":`...), []byte(p.detail))
	if p.first != core.None {
		b = strconv.AppendInt(append(b, `,"seq":`...), int64(p.first), 10)
	}
	if p.last != p.first {
		b = strconv.AppendInt(append(b, `,"last":`...), int64(p.last), 10)
	}
	if p.segment != "" {
		b = json.AppendText(append(b, `,"segment":`...), []byte(p.segment))
	}
	if p.view != "" {
		b = json.AppendText(append(b, `,"view":`...), []byte(p.view))
	}
	if p.line > 0 {
		b = strconv.AppendInt(append(b, `,"line":`...), int64(p.line), 10)
	}
	return append(b, '}')
}

func writeProblem(w http.ResponseWriter, r *http.Request, p *problem) {
	header := w.Header()
	for _, name := range []string{"ETag", "Location", "Vary"} {
		header.Del(name)
	}
	header.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	write(w, r, p.status, "application/problem+json", p.appendJSON(nil))
}

// Fail answers a request with an error, as the handler would: for whoever has no
// log to serve.
func Fail(w http.ResponseWriter, r *http.Request, err error) { writeProblem(w, r, problemOf(err)) }

// write answers with a body that is there as a whole.
func write(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body) // who does not hear it is gone
	}
}

func writeJSON(w http.ResponseWriter, r *request, status int, body []byte) error {
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	write(w, r.Request, status, "application/json", body)
	return nil
}

func parseInt(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= -1<<53 && n <= 1<<53
}
