package httpapi

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/flumedb/flumedb-wasm/core/replica"
)

// typeSync is the media type of messages between replicas. It is none that a page
// of another site could post without having been allowed to.
const typeSync = "application/vnd.flumedb.sync"

// maxWait bounds how long a replica may wait for news, in seconds.
const maxWait = 300

// sync is an exchange with another replica: its message is taken in, and what it
// lacks is the answer.
func (h *Handler) sync(w http.ResponseWriter, r *request) error {
	if err := r.options("wait"); err != nil {
		return err
	}
	seconds, _, err := r.number("wait")
	if err == nil && (seconds < 0 || seconds > maxWait) {
		err = invalid("wait must be from 0 through %d seconds", maxWait)
	}
	if err != nil {
		return err
	}
	if given := r.Header.Get("Content-Type"); given != typeSync {
		return refuse(http.StatusUnsupportedMediaType, "INVALID_OPTION", fmt.Sprintf("the content type must be %s, not %q", typeSync, given))
	}
	s, err := h.open(w, r, typeSync, true)
	if err != nil {
		return err
	}
	defer s.close()
	message, release, err := h.message(w, r)
	if err != nil {
		return err
	}
	defer release()
	answer := &syncAnswer{stream: s}
	if acceptsGzip(r.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		answer.packed, _ = gzip.NewWriterLevel((*streamBytes)(s), gzip.BestSpeed)
	}
	w.Header().Add("Vary", "Accept-Encoding")
	err = h.replica.Answer(r.Context(), message, answer, replica.Limits{Wait: time.Duration(seconds) * time.Second, Stop: s.ending})
	if err == nil && answer.packed != nil {
		err = answer.packed.Close()
	}
	if err != nil && !s.begun {
		w.Header().Del("Content-Encoding")
	}
	return s.end(err)
}

// message is the body, as it was before it was compressed.
func (h *Handler) message(w http.ResponseWriter, r *request) (message io.Reader, release func(), err error) {
	packed := r.Header.Get("Content-Encoding") == "gzip"
	if packed {
		r.Header.Del("Content-Encoding")
	}
	ctx, cancel := h.bounded(r)
	defer cancel()
	body, release, err := h.body(ctx, w, r, h.opts.MaxBody)
	if err != nil || !packed {
		return bytes.NewReader(body), release, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		release()
		return nil, nil, refuse(http.StatusBadRequest, "INVALID_OPTION", "the body is not gzip as its header says")
	}
	return &bounded{unpacked, h.opts.MaxBuffered}, release, nil
}

// bounded fails behind so many bytes.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, refuse(http.StatusRequestEntityTooLarge, "TOO_LARGE", "the body has too many bytes when it is unpacked")
	}
	return n, err
}

// syncAnswer writes an answer to its stream, packed where the client takes that.
type syncAnswer struct {
	*stream
	packed *gzip.Writer // nil where it does not
}

func (a *syncAnswer) Write(b []byte) (int, error) {
	if a.packed != nil {
		return a.packed.Write(b)
	}
	return (*streamBytes)(a.stream).Write(b)
}

// streamBytes is a stream as an io.Writer.
type streamBytes stream

func (p *streamBytes) Write(b []byte) (int, error) {
	s := (*stream)(p)
	s.buf = append(s.buf, b...)
	return len(b), s.full()
}

// acceptsGzip tells whether a client takes gzip. Hosts in JavaScript compress what
// they send themselves, where anybody is to: Cloudflare does, and what a service
// worker answers stays on the machine, where nobody would unpack it.
func acceptsGzip(r *http.Request) bool {
	if runtime.GOOS == "js" {
		return false
	}
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" && strings.Trim(strings.TrimPrefix(strings.TrimSpace(q), "q="), "0.") != "" || name == "gzip" && q == "" {
			return true
		}
	}
	return false
}
