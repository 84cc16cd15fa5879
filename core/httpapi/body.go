package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/flumedb/flumedb-wasm/core/json"
)

// body reads a request's body of at most so many bytes. Its bytes count as
// buffered until release is called.
func (h *Handler) body(ctx context.Context, w http.ResponseWriter, r *request, most int64) (b []byte, release func(), err error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, nil, refuse(http.StatusUnsupportedMediaType, "INVALID_OPTION", fmt.Sprintf("the content encoding %q is not known here", encoding))
	}
	if r.ContentLength > most {
		return nil, nil, tooLarge(most)
	}
	weight := r.ContentLength
	if weight < 0 {
		weight = most
	}
	if err := h.buffered.Acquire(ctx, weight); err != nil {
		return nil, nil, &problem{status: http.StatusServiceUnavailable, code: "BUSY", retryAfter: 1, first: -1, last: -1,
			detail: "too many bodies of other requests are being worked on"}
	}
	free := func() { h.buffered.Release(weight) }
	defer func() {
		if err != nil {
			free()
		}
	}()
	// A client that sends slowly has the time of the request; a server that has
	// answered it before then still waits for the rest that long. Hosts that know
	// no deadlines have none.
	conn := http.NewResponseController(w)
	if deadline, ok := ctx.Deadline(); ok && conn.SetReadDeadline(deadline) == nil {
		defer func() {
			if err == nil {
				conn.SetReadDeadline(time.Time{})
			}
		}()
	}
	limited := http.MaxBytesReader(w, r.Body, most)
	if r.ContentLength >= 0 {
		b = make([]byte, r.ContentLength)
		if _, err = io.ReadFull(limited, b); err == nil {
			return b, free, nil
		}
	} else if b, err = io.ReadAll(limited); err == nil {
		return b, free, nil
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, nil, tooLarge(most)
	case ctx.Err() != nil && !errors.Is(err, os.ErrDeadlineExceeded):
		return nil, nil, ctx.Err()
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, nil, refuse(http.StatusBadRequest, "INVALID_RECORD", "the body ends too early")
	}
	return nil, nil, fmt.Errorf("reading the body: %w", err)
}

func tooLarge(most int64) *problem {
	return refuse(http.StatusRequestEntityTooLarge, "TOO_LARGE", fmt.Sprintf("the body has more than %d bytes", most))
}

// Media types of bodies.
const (
	typeJSON   = "application/json"
	typeNDJSON = "application/x-ndjson"
	typeEvents = "text/event-stream"
)

// contentType is the media type of the body: one of JSON's or NDJSON's.
func (r *request) contentType() (string, error) {
	given := r.Header.Get("Content-Type")
	media, params, err := mime.ParseMediaType(given)
	if charset := params["charset"]; err == nil && charset != "" && !strings.EqualFold(charset, "utf-8") {
		media = given
	}
	switch media {
	case typeJSON, typeNDJSON:
		return media, nil
	case "application/ndjson", "application/jsonl":
		return typeNDJSON, nil
	}
	return "", refuse(http.StatusUnsupportedMediaType, "INVALID_OPTION",
		fmt.Sprintf("the content type must be %s or %s, in UTF-8, not %q", typeJSON, typeNDJSON, given))
}

// records is the records of a body, joined by a byte each, and their lengths.
type records struct {
	run  []byte
	lens []uint32
}

// parseRecords reads the records of a body: the elements of a JSON array, or
// any other JSON value, which is one record; or one on each line of NDJSON.
// Space around values goes, and so does that within, where it is of lines.
func parseRecords(body []byte, media string) (records, error) {
	rs := records{run: make([]byte, 0, len(body)+1)}
	if media == typeNDJSON {
		for n, rest := 1, body; len(rest) > 0; n++ {
			line, after, _ := bytes.Cut(rest, []byte{'\n'})
			rest = after
			if line = trim(line); len(line) == 0 {
				continue
			}
			if !json.Valid(line) {
				p := refuse(http.StatusBadRequest, "INVALID_RECORD", fmt.Sprintf("line %d is not valid JSON", n))
				p.line = n
				return records{}, p
			}
			rs.add(line)
		}
	} else {
		if !json.Valid(body) {
			return records{}, refuse(http.StatusBadRequest, "INVALID_RECORD", "the body is not valid JSON")
		}
		value := json.Value(trim(body))
		if value.Kind() != json.Array {
			rs.add(value)
		}
		for items := value.Items(); ; {
			item, more := items.Next()
			if !more {
				break
			}
			rs.add(item)
		}
	}
	if len(rs.lens) == 0 {
		return records{}, refuse(http.StatusBadRequest, "INVALID_RECORD", "the body has no record")
	}
	rs.run = rs.run[:len(rs.run)-1]
	return rs, nil
}

func trim(b []byte) []byte { return bytes.Trim(b, " \t\r\n") }

func (rs *records) add(record []byte) {
	start := len(rs.run)
	if bytes.ContainsAny(record, "\r\n") {
		rs.run = json.AppendCompact(rs.run, record)
	} else {
		rs.run = append(rs.run, record...)
	}
	rs.lens = append(rs.lens, uint32(len(rs.run)-start))
	rs.run = append(rs.run, ',')
}
