package httpapi

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
)

// selection is which records a range is of, and what is told of each.
type selection struct {
	low, high            core.Seq
	limit                int64
	reverse, live, old   bool
	seqs, values, synced bool
}

const lastSeq core.Seq = 1<<53 - 1

func (r *request) selection(media string) (s selection, err error) {
	s = selection{high: lastSeq, limit: math.MaxInt64, live: media == typeEvents, old: true, seqs: true, values: true}
	if err = r.options("gt", "gte", "lt", "lte", "limit", "reverse", "live", "old", "seqs", "values", "sync"); err != nil {
		return s, err
	}
	for _, bound := range []struct {
		name string
		add  core.Seq
		to   *core.Seq
	}{{"gt", 1, &s.low}, {"gte", 0, &s.low}, {"lt", -1, &s.high}, {"lte", 0, &s.high}} {
		n, given, err := r.number(bound.name)
		switch {
		case err != nil:
			return s, err
		case given && bound.to == &s.low:
			s.low = max(s.low, core.Seq(n)+bound.add)
		case given:
			s.high = min(s.high, core.Seq(n)+bound.add)
		}
	}
	if n, given, err := r.number("limit"); err != nil {
		return s, err
	} else if given && n > 0 {
		s.limit = n
	}
	for _, f := range []struct {
		name string
		to   *bool
	}{{"reverse", &s.reverse}, {"live", &s.live}, {"old", &s.old}, {"seqs", &s.seqs}, {"values", &s.values}, {"sync", &s.synced}} {
		if err := r.flag(f.name, f.to); err != nil {
			return s, err
		}
	}
	s.live = s.live || !s.old
	switch {
	case s.live && s.reverse:
		return s, invalid("a live stream has no reverse")
	case !s.live && media == typeEvents:
		return s, invalid("events are always live: for a range ask for %s", typeNDJSON)
	case !s.seqs && !s.values:
		return s, invalid("one of seqs and values must be true")
	}
	if id := r.Header.Get("Last-Event-ID"); id != "" && media == typeEvents {
		n, ok := parseInt(id)
		if !ok {
			return s, invalid("Last-Event-ID must be a seq, not %.20q", id)
		}
		s.low = max(s.low, core.Seq(n)+1)
		s.old = true // those that came since are new to the client
	}
	return s, nil
}

// readRange answers the records from one seq through another, and with live
// those to come.
func (h *Handler) readRange(w http.ResponseWriter, r *request) error {
	media, err := r.accept(typeNDJSON, typeEvents)
	if err != nil {
		return err
	}
	sel, err := r.selection(media)
	if err != nil {
		return err
	}
	if err := h.refresh(r.Context()); err != nil {
		return err
	}
	woken, stop := h.watch()
	defer stop()
	state := h.log.State()
	if !sel.live {
		sel.high = min(sel.high, state.Head)
		if h.unchanged(w, r, sel.tag(state)) {
			return nil
		}
	}
	s, err := h.open(w, r, media, sel.live)
	if err != nil {
		return err
	}
	defer s.close()
	return s.end(s.follow(&sel, state.Head, woken))
}

// tag names what a range answers: records do not change, but may be deleted.
func (sel selection) tag(state core.State) string {
	key := fmt.Sprint(sel, state.Deletions)
	return fmt.Sprintf(`"%x-%x"`, state.ID, xxhash.Sum64String(key))
}

// follow puts out the records of a selection, those that come included.
func (s *stream) follow(sel *selection, since core.Seq, woken <-chan struct{}) error {
	if sel.live || s.r.Method == http.MethodHead {
		// So that the client knows that it is connected. Firefox says so only once
		// the body has begun.
		if sel.live {
			s.heartbeat()
		}
		if err := s.flush(); err != nil || s.r.Method == http.MethodHead {
			return err
		}
	}
	if !sel.old {
		sel.low = max(sel.low, since+1)
	}
	for synced := false; ; {
		if err := s.put(sel, min(sel.high, since)); err != nil {
			return err
		}
		if !sel.live && sel.synced {
			s.sync(since)
		}
		if !sel.live || sel.limit == 0 || sel.low > sel.high {
			return nil
		}
		if !synced && sel.synced {
			s.sync(since)
		}
		synced = true
		if err := s.flush(); err != nil {
			return err
		}
		for since < sel.low {
			if more, err := s.wait(woken); !more {
				return err
			}
			since = s.h.log.Since()
		}
	}
}

// sync says that what was there before has been told.
func (s *stream) sync(since core.Seq) {
	if s.events {
		s.buf = strconv.AppendInt(append(s.buf, "event: sync\ndata: "...), int64(since), 10)
		s.buf = append(s.buf, "\n\n"...)
		return
	}
	s.buf = append(s.buf, `{"sync":true}`+"\n"...)
}

// readBytes is about how much is read from the store at a time.
const readBytes = 256 << 10

// put puts out the records of a selection through the seq high, and leaves the
// rest of it.
func (s *stream) put(sel *selection, high core.Seq) error {
	for sel.low <= high && sel.limit > 0 {
		rg := core.Range{From: sel.low, Through: high, Budget: readBytes}
		if sel.reverse {
			rg = core.Range{From: high, Through: sel.low, Reverse: true, Budget: readBytes}
		}
		// One who reads on for long would have the cache for nothing.
		rg.NoCache = min(int64(high-sel.low), sel.limit) > 1000
		runs, err := s.h.log.Read(s.r.Context(), rg)
		if err != nil {
			return err
		}
		for _, run := range runs {
			if err := s.putRun(sel, run); err != nil {
				return err
			}
			if sel.reverse {
				high = run.From - 1
			} else {
				sel.low = run.Through + 1
			}
			if sel.limit == 0 {
				return nil
			}
		}
	}
	return nil
}

func (s *stream) putRun(sel *selection, run core.Run) error {
	if run.Deleted {
		return nil
	}
	seq, step := run.From, core.Seq(1)
	if sel.reverse {
		seq, step = run.Through, -1
	}
	for ; seq >= run.From && seq <= run.Through && sel.limit > 0; seq += step {
		s.item(sel, seq, run.Record(seq))
		sel.limit--
		if err := s.full(); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) item(sel *selection, seq core.Seq, record []byte) {
	b := s.buf
	if s.events {
		b = strconv.AppendInt(append(b, "id: "...), int64(seq), 10)
		b = append(b, "\ndata: "...)
	}
	switch {
	case !sel.values:
		b = strconv.AppendInt(b, int64(seq), 10)
	case !sel.seqs:
		b = appendLine(b, record)
	default:
		b = strconv.AppendInt(append(b, `{"seq":`...), int64(seq), 10)
		b = append(appendLine(append(b, `,"value":`...), record), '}')
	}
	if s.events {
		b = append(b, '\n')
	}
	s.buf = append(b, '\n')
}

// appendLine writes JSON so that it is one line.
func appendLine(b, text []byte) []byte {
	if bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		return json.AppendCompact(b, text)
	}
	return append(b, text...)
}

// since answers the newest seq, and as events each that follows, though not all
// of many at once.
func (h *Handler) since(w http.ResponseWriter, r *request) error {
	if err := r.options(); err != nil {
		return err
	}
	media, err := r.accept(typeJSON, typeEvents)
	if err != nil {
		return err
	}
	if err := h.refresh(r.Context()); err != nil {
		return err
	}
	if media == typeJSON {
		b := strconv.AppendInt([]byte(`{"since":`), int64(h.log.Since()), 10)
		return writeJSON(w, r, http.StatusOK, append(b, '}'))
	}
	woken, stop := h.watch()
	defer stop()
	s, err := h.open(w, r, media, true)
	if err != nil {
		return err
	}
	defer s.close()
	return s.end(s.followSince(woken))
}

func (s *stream) followSince(woken <-chan struct{}) error {
	for {
		since := s.h.log.Since()
		s.buf = strconv.AppendInt(append(s.buf, "data: "...), int64(since), 10)
		s.buf = append(s.buf, "\n\n"...)
		if err := s.flush(); err != nil || s.r.Method == http.MethodHead {
			return err
		}
		for s.h.log.Since() == since {
			if more, err := s.wait(woken); !more {
				return err
			}
		}
	}
}
