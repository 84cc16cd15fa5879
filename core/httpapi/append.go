package httpapi

import (
	"net/http"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core"
)

// append appends the records of a body, all or none.
func (h *Handler) append(w http.ResponseWriter, r *request) error {
	if err := r.options(); err != nil {
		return err
	}
	media, err := r.contentType()
	if err != nil {
		return err
	}
	keys := r.Header.Values("Idempotency-Key")
	if len(keys) > 1 {
		return invalid("there are %d Idempotency-Keys", len(keys))
	}
	ctx, cancel := h.bounded(r)
	defer cancel()
	body, release, err := h.body(ctx, w, r, h.opts.MaxBody)
	if err != nil {
		return err
	}
	rs, err := parseRecords(body, media)
	if err != nil {
		release()
		return err
	}
	type answer struct {
		made  core.Made
		again bool
		err   error
	}
	answered := make(chan answer, 1)
	done := func(made core.Made, again bool, err error) {
		release()
		answered <- answer{made, again, err}
	}
	if len(keys) == 1 {
		err = h.log.EnqueueOnce(keys[0], rs.run, rs.lens, done)
	} else {
		err = h.log.Enqueue(rs.run, rs.lens, func(seq core.Seq, err error) {
			done(core.Made{Last: seq, Count: len(rs.lens)}, false, err)
		})
	}
	if err != nil {
		release()
		return err
	}
	h.log.Commit()
	var a answer
	select {
	case a = <-answered:
	case <-ctx.Done():
		p := refuse(http.StatusServiceUnavailable, "UNCERTAIN",
			"the store takes long: the records may still be appended. The same request with an Idempotency-Key can be made again, and appends once")
		p.retryAfter = 1
		return p
	}
	if a.err != nil {
		return a.err
	}
	status := http.StatusCreated
	if a.again {
		status = http.StatusOK
		w.Header().Set("Idempotency-Replayed", "true")
	}
	first := a.made.Last - core.Seq(a.made.Count) + 1
	if a.made.Count == 1 {
		w.Header().Set("Location", "records/"+strconv.FormatInt(int64(first), 10))
	}
	b := strconv.AppendInt([]byte(`{"first":`), int64(first), 10)
	b = strconv.AppendInt(append(b, `,"seq":`...), int64(a.made.Last), 10)
	b = strconv.AppendInt(append(b, `,"count":`...), int64(a.made.Count), 10)
	return writeJSON(w, r, status, append(b, '}'))
}
