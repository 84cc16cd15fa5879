package httpapi

import (
	"context"
	"net/http"
	"strconv"
)

// Storage is what a host says of the room that there is. What it does not say is
// nil.
type Storage struct {
	Usage     *int64 // bytes in use
	Quota     *int64 // bytes that there may be, with those in use
	Persisted *bool  // only people delete it
}

// storage answers what the host says.
func (h *Handler) storage(w http.ResponseWriter, r *request) error {
	if err := r.options(); err != nil {
		return err
	}
	ctx, cancel := h.bounded(r)
	defer cancel()
	ask := h.opts.Storage
	if ask == nil {
		ask = h.ownStorage
	}
	s, err := ask(ctx)
	if err != nil {
		return err
	}
	b := []byte{'{'}
	member := func(name string) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, name), ':')
	}
	if s.Usage != nil {
		member("usage")
		b = strconv.AppendInt(b, *s.Usage, 10)
	}
	if s.Quota != nil {
		member("quota")
		b = strconv.AppendInt(b, *s.Quota, 10)
	}
	if s.Persisted != nil {
		member("persisted")
		b = strconv.AppendBool(b, *s.Persisted)
	}
	return writeJSON(w, r, http.StatusOK, append(b, '}'))
}

// ownStorage is what the log's segments and the views' states take.
func (h *Handler) ownStorage(ctx context.Context) (Storage, error) {
	if err := h.refresh(ctx); err != nil {
		return Storage{}, err
	}
	s, err := h.log.Stats(ctx)
	if err != nil {
		return Storage{}, err
	}
	usage := s.Bytes + h.viewBytes()
	return Storage{Usage: &usage}, nil
}
