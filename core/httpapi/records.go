package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/flumedb/flumedb-wasm/core"
)

func (r *request) seq() (core.Seq, error) {
	n, ok := parseInt(r.params[0])
	if !ok || n < 0 {
		return core.None, invalid("a seq is a whole number from 0 on, not %q", r.params[0])
	}
	return core.Seq(n), nil
}

// readRecord answers one record.
func (h *Handler) readRecord(w http.ResponseWriter, r *request) error {
	if err := r.options(); err != nil {
		return err
	}
	seq, err := r.seq()
	if err != nil {
		return err
	}
	ctx, cancel := h.bounded(r)
	defer cancel()
	if err := h.refresh(ctx); err != nil {
		return err
	}
	record, err := h.log.Get(ctx, seq)
	if err != nil {
		return err
	}
	// It never changes, but it may be deleted: then this is not reached.
	tag := fmt.Sprintf(`"%x-%d"`, h.log.State().ID, seq)
	if h.unchanged(w, r, tag) {
		return nil
	}
	return writeJSON(w, r, http.StatusOK, record)
}

// unchanged sets what caches need to know, and answers 304 where the client has
// what would be answered. It has to ask each time, since what it has may have
// been deleted.
func (h *Handler) unchanged(w http.ResponseWriter, r *request, tag string) bool {
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, no-cache")
	for _, candidate := range strings.Split(strings.Join(r.Header.Values("If-None-Match"), ","), ",") {
		if candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/"); candidate == tag || candidate == "*" {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

// deleteRecord deletes one record's value.
func (h *Handler) deleteRecord(w http.ResponseWriter, r *request) error {
	if err := r.options(); err != nil {
		return err
	}
	seq, err := r.seq()
	if err != nil {
		return err
	}
	return h.delete(w, r, seq)
}

// maxDeletes bounds the records deleted by one request.
const maxDeletes = 1000

// deleteMany deletes those that the query lists.
func (h *Handler) deleteMany(w http.ResponseWriter, r *request) error {
	if err := r.options("seqs"); err != nil {
		return err
	}
	var seqs []core.Seq
	for _, text := range strings.Split(r.query.Get("seqs"), ",") {
		n, ok := parseInt(text)
		if !ok || n < 0 {
			return invalid("seqs must be seqs, joined by commas: %.20q is none", text)
		}
		seqs = append(seqs, core.Seq(n))
	}
	if len(seqs) > maxDeletes {
		return invalid("seqs has %d of them, and %d are possible", len(seqs), maxDeletes)
	}
	return h.delete(w, r, seqs...)
}

func (h *Handler) delete(w http.ResponseWriter, r *request, seqs ...core.Seq) error {
	ctx, cancel := h.bounded(r)
	defer cancel()
	if err := h.log.Delete(ctx, seqs...); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// stats answers how much there is.
func (h *Handler) stats(w http.ResponseWriter, r *request) error {
	if err := r.options(); err != nil {
		return err
	}
	ctx, cancel := h.bounded(r)
	defer cancel()
	if err := h.refresh(ctx); err != nil {
		return err
	}
	s, err := h.log.Stats(ctx)
	if err != nil {
		return err
	}
	b := []byte(`{`)
	for i, n := range []int64{s.Records, s.Deleted, int64(s.Segments), s.Bytes, h.viewBytes()} {
		b = append(b, []string{`"records":`, `,"deleted":`, `,"segments":`, `,"bytes":`, `,"viewBytes":`}[i]...)
		b = strconv.AppendInt(b, n, 10)
	}
	return writeJSON(w, r, http.StatusOK, append(b, '}'))
}
